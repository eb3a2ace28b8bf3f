import { afterEach, beforeEach, test } from "vitest";
import { readTaskScript } from "../../src/workloads/taskFiles.ts";
import { topWords } from "../../src/workloads/topWords/index.ts";
import { StackUnderTest } from "./stackUnderTest.ts";

let stack: StackUnderTest;

/** Without a sweep, which would put the script right before the task sees it. */
beforeEach(async () => {
  stack = await StackUnderTest.start({ WORKLOADS: "topWords", SWEEP_SCHEDULE: "0 0 0 1 1 *" });
});

afterEach(() => stack?.stop());

test("a script that somebody replaces while the app runs is put right by the next attempt", async ({ expect }) => {
  const script = readTaskScript(topWords).blobName;
  const text = Buffer.from("to be or not to be");
  await stack.convert("before.txt", text, topWords);
  await stack.overwrite("application", script, Buffer.from("exit 0\n"));

  const record = await stack.convert("after.txt", text, topWords);

  expect(record).toMatchObject({ status: "succeeded", attempts: 2 });
  expect((await stack.download("application", script)).toString()).toBe(readTaskScript(topWords).text);
});
