import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { isReaderGone } from "../../../../src/local/kit/commandLine/readerGone.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";

const ON_LINUX = { skip: process.platform !== "linux" };

function open(path: string, flags: number): number {
  const descriptor = openSync(path, flags);
  onTestFinished(() => closeSync(descriptor));
  return descriptor;
}

test("a pipe has lost its reader once that is closed, before anything is written", ON_LINUX, ({ expect }) => {
  const path = join(temporaryFolder(), "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = open(path, constants.O_WRONLY);

  expect(isReaderGone(writer)).toBe(false);
  closeSync(reader);
  expect(isReaderGone(writer)).toBe(true);
});

test("what is no pipe has not lost a reader", ({ expect }) => {
  expect(isReaderGone(open(join(temporaryFolder(), "file"), constants.O_WRONLY | constants.O_CREAT))).toBe(false);
  expect(isReaderGone(99_999)).toBe(false);
});
