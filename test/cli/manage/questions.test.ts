import { PassThrough } from "node:stream";
import { test } from "vitest";
import { Questions } from "../../../src/cli/manage/questions.ts";
import { recordedOutput } from "../../local/kit/commandLine/recordedOutput.ts";

test("only y and yes are a yes, and the end of the input is a no", async ({ expect }) => {
  const input = new PassThrough();
  const { output, stderr } = recordedOutput();
  const questions = new Questions(output, input, new AbortController().signal);
  const answers: boolean[] = [];

  for (const line of ["y\n", " YES \n", "\n", "n\n", "yep\n"]) {
    const answer = questions.isYes("Delete it?");
    input.write(line);
    answers.push(await answer);
  }
  const last = questions.isYes("Delete it?");
  input.end();
  answers.push(await last, await questions.isYes("Delete it?"));

  expect(answers).toEqual([true, true, false, false, false, false, false]);
  expect(stderr()).toBe("Delete it? [y/N] ".repeat(7));
});

test("Ctrl-C ends a question", async ({ expect }) => {
  const interruption = new AbortController();
  const questions = new Questions(recordedOutput().output, new PassThrough(), interruption.signal);

  const answer = questions.isYes("Delete it?");
  interruption.abort();

  await expect(answer).rejects.toMatchObject({ name: "AbortError" });
});
