import { readFileSync } from "node:fs";
import { afterAll, beforeAll, test } from "vitest";
import { readTaskScript } from "../../src/workloads/taskFiles.ts";
import { topWords } from "../../src/workloads/topWords/index.ts";
import { StackUnderTest } from "./stackUnderTest.ts";

const SAMPLE = readFileSync("test/fixtures/media/sample.mp4");
const TEXT = "Der Schnee fällt. SCHNEE auf Schnee,\r\nauf das Dach; auf Ärmel und ärmel!\n";

let stack: StackUnderTest;

/** Without a sweep, which would put a script right before the task sees it. */
beforeAll(async () => {
  const settings = { WORKLOADS: "mp3,topWords", TOP_WORDS_COUNT: "3", SWEEP_SCHEDULE: "0 0 0 1 1 *" };
  stack = await StackUnderTest.start(settings);
});
afterAll(() => stack?.stop());

test("an uploaded text becomes the list of its most frequent words, with the ids of node and task", async ({
  expect,
}) => {
  const name = "texts/winter tale.txt";

  const id = await stack.upload(name, Buffer.from(TEXT), topWords);
  const record = await stack.recordOf(name, id, topWords);

  expect(record).toMatchObject({
    status: "succeeded",
    conversionId: id,
    workload: "topWords",
    input: { container: "input", name, sizeBytes: Buffer.byteLength(TEXT), words: 13, distinctWords: 8 },
    output: { container: "output", name: "texts/winter tale_OUTPUT.txt" },
    error: null,
    batch: { taskId: `${id}-1`, nodeId: expect.any(String) },
  });
  const lines = (await stack.download("output", "texts/winter tale_OUTPUT.txt")).toString().split("\n");
  expect(lines.slice(0, 6)).toEqual([
    "auf\t3",
    "schnee\t3",
    "ärmel\t2",
    "------------------------------",
    `Node: ${record.batch?.nodeId}`,
    `Task: ${record.batch?.taskId}`,
  ]);
  expect(await stack.propertiesOf("texts/winter tale_OUTPUT.txt")).toMatchObject({
    contentType: "text/plain; charset=utf-8",
    metadata: { sourceetag: record.input.eTag, conversionid: id },
  });
});

const BAD_TEXTS = {
  "an empty text": Buffer.alloc(0),
  "a text of punctuation": Buffer.from("... --- ...\n"),
  "a video named .txt": SAMPLE,
  "a text in UTF-16": Buffer.from("\uFEFFtwo words", "utf16le"),
  "a megabyte without an end of a word": Buffer.alloc(2 ** 21, "x"),
};

test.concurrent.for([
  ["an empty text", "EmptyText"],
  ["a text of punctuation", "EmptyText"],
  ["a video named .txt", "NotText"],
  ["a text in UTF-16", "NotText"],
  ["a megabyte without an end of a word", "WordTooLong"],
] as const)("%s fails as %s, with a record", async ([what, code], { expect }) => {
  const record = await stack.convert(`${what}.txt`, BAD_TEXTS[what], topWords);

  expect(record).toMatchObject({
    status: "failed",
    attempts: 1,
    output: null,
    error: { code, hint: expect.stringMatching(/\w/), logBlob: `${what}_OUTPUT.txt.log` },
  });
});

test("a video is converted beside the texts, and only to an MP3", async ({ expect }) => {
  const record = await stack.convert("talk.mp4", SAMPLE);

  expect(record).toMatchObject({ workload: "mp3", status: "succeeded", output: { name: "talk.mp3" } });
  expect(await stack.namesIn("output")).not.toContain("talk_OUTPUT.mp4");
});

test("a script that somebody replaces while the app runs is put right by the next attempt", async ({ expect }) => {
  const script = readTaskScript(topWords).blobName;
  const text = Buffer.from("to be or not to be");
  await stack.convert("before.txt", text, topWords);
  await stack.overwrite("application", script, Buffer.from("exit 0\n"));

  const record = await stack.convert("after.txt", text, topWords);

  expect(record).toMatchObject({ status: "succeeded", attempts: 2 });
  expect((await stack.download("application", script)).toString()).toBe(readTaskScript(topWords).text);
});
