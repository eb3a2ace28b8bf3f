import { test } from "vitest";
import { ConversionNews } from "../../src/cli/conversionNews.ts";
import type { ConversionEnd, ConversionStart } from "../../src/model/conversionLog.ts";
import { endMessage, startMessage } from "../../src/model/conversionLog.ts";

const HOST = "[information] convertBlob: ";
const FUNC = "[2026-01-01T12:00:00.000Z] ";
const start: ConversionStart = {
  conversionId: "0123",
  workload: "mp3",
  name: "talks/intro.mp4",
  firstAttempt: 1,
};
const end: ConversionEnd = {
  ...start,
  outcome: "succeeded",
  result: "talks/intro.mp3",
  seconds: 1.25,
  failure: null,
  measures: null,
};

function newsOf(...lines: readonly string[]): (string | undefined)[] {
  const news = new ConversionNews();
  return lines.map((line) => news.read(line));
}

test.for([HOST, FUNC])("start and end are read from a line of the log that begins with %s", (prefix, { expect }) => {
  const lines = [prefix + startMessage(start), prefix + endMessage(end)];

  expect(newsOf(...lines)).toEqual(["talks/intro.mp4 arrived (mp3)", "✓ talks/intro.mp4 → talks/intro.mp3 (1.3 s)"]);
});

test("a failure is one line with code, reason and hint", ({ expect }) => {
  const failure = { code: "FfmpegFailed", message: "no sound\nat all", hint: "The log says why." } as const;

  expect(newsOf(HOST + endMessage({ ...end, outcome: "failed", result: null, failure }))).toEqual([
    "✗ talks/intro.mp4: FfmpegFailed: no sound. The log says why.",
  ]);
});

test("a reason that ends as a question gets no full stop", ({ expect }) => {
  const failure = { code: "BadOptions", message: "did you mean mp3drop_mono?", hint: "Correct it." } as const;

  expect(newsOf(HOST + endMessage({ ...end, outcome: "failed", result: null, failure }))).toEqual([
    "✗ talks/intro.mp4: BadOptions: did you mean mp3drop_mono? Correct it.",
  ]);
});

test("a conversion that was cancelled or superseded is reported as such", ({ expect }) => {
  const cancelled = endMessage({ ...end, outcome: "cancelled", result: null });
  const superseded = endMessage({ ...end, conversionId: "4567", outcome: "superseded", result: null });

  expect(newsOf(HOST + cancelled, HOST + superseded)).toEqual([
    "✗ talks/intro.mp4: cancelled",
    "✗ talks/intro.mp4: superseded by a newer upload",
  ]);
});

test("a conversion that is started again says so", ({ expect }) => {
  expect(newsOf(HOST + startMessage({ ...start, firstAttempt: 4 }))).toEqual([
    "talks/intro.mp4 is being tried again (attempt 4)",
  ]);
});

test("what a restarted service repeats is reported once", ({ expect }) => {
  const [started, ended] = [HOST + startMessage(start), HOST + endMessage(end)];
  const again = HOST + startMessage({ ...start, firstAttempt: 2 });

  expect(newsOf(started, started, ended, ended, again)).toEqual([
    "talks/intro.mp4 arrived (mp3)",
    undefined,
    expect.stringContaining("✓"),
    undefined,
    expect.stringContaining("again"),
  ]);
});

test("a name cannot reach the terminal with control characters", ({ expect }) => {
  expect(newsOf(HOST + startMessage({ ...start, name: "\u001B[2Ja\n.mp4" }))).toEqual([
    "\\u{1b}[2Ja\\u{a}.mp4 arrived (mp3)",
  ]);
});

test("other lines are no news, not even with a name that looks like some", ({ expect }) => {
  const lines = [
    "",
    `${HOST}Ignored it`,
    `[information] convertOnUpload: Ignored ${startMessage(start)}`,
    `${HOST}Conversion started: {broken`,
    `${HOST}Conversion started: null`,
    startMessage(start),
  ];

  expect(newsOf(...lines)).toEqual(lines.map(() => undefined));
});

test("a name with a line separator of Unicode is told, too", ({ expect }) => {
  expect(newsOf(HOST + startMessage({ ...start, name: "a\u2028b.txt" }))).toEqual([expect.stringContaining("arrived")]);
});
