import { PassThrough } from "node:stream";
import { test } from "vitest";
import { endedRow, listRow, listTitles, runningRow } from "../../../src/cli/manage/rows.ts";
import { failed, idOf, listOf, running, startStandInApi, summaryOf } from "./standInApi.ts";

const HOSTILE = "a\u001B[31m\u202Egpj.mp4";

test("list shows each conversion in one line: its state, size, id and name", async ({ expect }) => {
  const conversions = [
    running("long.mp4", { id: idOf("a"), percent: 43.7 }),
    running("next.mp4", { id: idOf("b"), phase: "waiting", waitReason: "it is next" }),
    failed("silent.mp4", { id: idOf("c") }),
    summaryOf("talks/intro.mp4", { id: idOf("d") }),
    summaryOf("old.mp4", { id: idOf("e"), status: "cancelled", output: null }),
  ];
  const { run } = await startStandInApi(() => ({ body: listOf(conversions) }));

  const { exitCode, stdout, stderr } = await run("list");

  expect(exitCode).toBe(0);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.map((line) => line.replace(/ {2,}(\d+ d ago|just now) +/, "  (ago)  ").replace(/0{31}/, ""))).toEqual([
    "… converting 43 %  (ago)  5.0 MB  a  long.mp4",
    "… waiting  (ago)  5.0 MB  b  next.mp4: it is next",
    "✗ NoAudioStream  (ago)  5.0 MB  c  silent.mp4: The video has no audio stream",
    "✓ succeeded  (ago)  1.0 MB  d  talks/intro.mp4",
    "- cancelled  (ago)  5.0 MB  e  old.mp4",
  ]);
  expect(stderr).toContain("2 running, 1 succeeded, 1 failed, 1 cancelled\n");
});

test.for([
  [120, true],
  [80, false],
  [40, false],
] as const)(
  "in a terminal of %i columns each conversion has one line (with its id: %o)",
  ([columns, hasId], { expect }) => {
    const stream = Object.assign(new PassThrough(), { columns }) as unknown as NodeJS.WriteStream;
    const conversion = failed("talks/silent.mp4", { id: idOf("c") });

    const row = listRow(conversion, Date.now(), stream);

    expect(Math.max(row.length, listTitles(stream).length)).toBeLessThanOrEqual(columns);
    expect(row).toMatch(/^✗ NoAudioStream .*talks\/sil/);
    expect(row.includes(conversion.id)).toBe(hasId);
    expect(listTitles(stream).includes(" ID ")).toBe(hasId);
  },
);

test("a narrow terminal shows the names of what is watched in place of bars, ages and sizes", ({ expect }) => {
  const stream = Object.assign(new PassThrough(), { columns: 40 }) as unknown as NodeJS.WriteStream;
  const rows = [
    runningRow(running("long.mp4", { percent: 43.7 }), stream),
    endedRow(summaryOf("intro.mp4"), Date.now(), stream),
  ];

  expect(rows.map((row) => row.slice(0, 40).replace(/ {2,}/, "  "))).toEqual([
    "… converting 43 %  long.mp4",
    "✓ succeeded  intro.mp4",
  ]);
});

test("list asks for what its options say, and for further pages until it has enough", async ({ expect }) => {
  const pages = [listOf([summaryOf("a.mp4")], { continuation: "2" }), listOf([], { continuation: "3" })];
  const last = listOf([summaryOf("b.mp4"), summaryOf("c.mp4")], { continuation: "4" });
  const { run, requests } = await startStandInApi(() => ({ body: pages.shift() ?? last }));

  const args = ["--status", "failed,running", "--code", "X&Y", "--prefix", "talks/", "--since", "2026-01-31"];
  const { stdout, stderr } = await run("list", ...args, "--limit", "3", "--json");

  const filter = "status=failed%2Crunning&code=X%26Y&prefix=talks%2F&since=2026-01-31T00%3A00%3A00.000Z";
  expect(requests.map(({ what }) => what)).toEqual([
    `GET ?${filter}&limit=3`,
    `GET ?${filter}&limit=2&continuation=2`,
    `GET ?${filter}&limit=2&continuation=3`,
  ]);
  const { conversions, continuation, counts } = JSON.parse(stdout) as ReturnType<typeof listOf>;
  expect(conversions.map(({ input }) => input.name)).toEqual(["a.mp4", "b.mp4", "c.mp4"]);
  expect([continuation, counts.succeeded]).toEqual(["4", 1]);
  expect(stderr).toBe("");
});

test("list tells a terminal nothing that it would obey", async ({ expect }) => {
  const hostile = { code: `X${HOSTILE}`, message: `${HOSTILE}\nmore`, hint: HOSTILE };
  const conversions = [failed(HOSTILE, { error: hostile }), running(HOSTILE, { waitReason: HOSTILE })];
  const { run } = await startStandInApi(() => ({ body: listOf(conversions) }));

  const [text, json] = [await run("list"), await run("list", "--json")];

  for (const { stdout, stderr } of [text, json]) {
    // oxlint-disable-next-line no-control-regex -- finding them is the point
    expect(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/.exec(stdout + stderr)).toBeNull();
  }
  expect(text.stdout).toContain(String.raw`a\u{1b}[31m\u{202e}gpj.mp4`);
  expect(JSON.parse(json.stdout)).toMatchObject({ conversions });
});

test.for([
  [["--status", "runing"], /--status must be one or more of running, .*, not "runing"/, "Did you mean running?"],
  [["--limit", "0"], /--limit must be a whole number from 1 /, /--prefix/],
  [["--since", "yesterday"], /--since is not a time: "yesterday"/, /2h/],
  [["--watch", "--json"], /exclude each other/, /--json/],
  [["--azure", "--data", "x"], /name different apps/, /Leave/],
] as const)("list %s is refused before the app is asked", async ([args, message, hint], { expect }) => {
  const { run, requests } = await startStandInApi(() => ({ body: listOf([]) }));

  await expect(run("list", ...args)).rejects.toMatchObject({
    code: "WrongUsage",
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
  expect(requests).toEqual([]);
});
