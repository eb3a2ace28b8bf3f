import { test } from "vitest";
import { recordedOutput } from "./recordedOutput.ts";

const LINE = "\u001B[32m✓\u001B[39m \u001B[2J\u202Ename\u0007\n\tnext";

test("a terminal gets colours and line ends, but nothing else that it would obey", ({ expect }) => {
  const { output, stderr } = recordedOutput(true);

  output.note(LINE, [LINE]);

  const harmless = "\u001B[32m✓\u001B[39m \\u{1b}[2J\\u{202e}name\\u{7}\n\tnext\n";
  expect(stderr()).toBe(`${harmless}\u001B[?7l${harmless}\u001B[?7h`);
});

test("a pipe gets the text as it is, because another program may read it", ({ expect }) => {
  const { output, stderr } = recordedOutput();

  output.note(LINE);

  expect(stderr()).toBe(`${LINE}\n`);
});
