import { test } from "vitest";
import { AppApi } from "../../../src/cli/api/appApi.ts";
import { watchList } from "../../../src/cli/manage/watchList.ts";
import { Output } from "../../../src/local/kit/commandLine/output.ts";
import type { ConversionList } from "../../../src/model/conversionList.ts";
import type { ApiAnswer } from "./standInApi.ts";
import { failed, idOf, listOf, problem, running, startStandInApi, summaryOf } from "./standInApi.ts";

const NOW = Date.UTC(2026, 0, 1, 0, 0, 10);

/** Shows one list after the other, in a terminal or in a pipe, and then ends as by Ctrl-C. */
async function watch(answers: readonly (ConversionList | ApiAnswer)[], { isTTY = false, rows = 24 } = {}) {
  const queue = answers.map((answer) => ("conversions" in answer ? { body: answer } : answer));
  const { url, requests } = await startStandInApi(() => queue.shift() ?? problem(500, "TooMany"));
  const written = { stdout: "", stderr: "", looks: [] as string[] };
  const stream = (name: "stdout" | "stderr") => ({
    isTTY,
    rows,
    write: (text: string) => {
      written[name] += text;
    },
  });
  const output = new Output(stream("stdout"), stream("stderr"), {});
  const interruption = new AbortController();
  await watchList({
    app: { api: new AppApi({ url, key: undefined }, { isPatient: false }), isNear: true },
    filter: {},
    limit: 50,
    output,
    signal: interruption.signal,
    now: () => NOW,
    pause: async (_, signal) => {
      written.looks.push(written.stderr);
      written.stderr = "";
      if (queue.length === 0) interruption.abort();
      signal.throwIfAborted();
    },
  });
  return { ...written, requests, output };
}

test("in a pipe, each change is one line, and a percentage only at every quarter", async ({ expect }) => {
  const steps = [
    [running("a.mp4", { phase: "waiting", waitReason: "it is next" })],
    [running("a.mp4", { percent: 3 })],
    [running("a.mp4", { percent: 20 })],
    [running("a.mp4", { percent: 26 }), failed("b.mp4", { id: idOf("2") })],
    [summaryOf("a.mp4"), failed("b.mp4", { id: idOf("2") })],
  ];

  const { stdout, stderr } = await watch(steps.map((conversions) => listOf(conversions)));

  expect(stdout.split("\n").map((line) => line.replace("2026-01-01T00:00:10Z ", ""))).toEqual([
    "a.mp4: waiting: it is next",
    "a.mp4: converting 3 %",
    "b.mp4: NoAudioStream",
    "a.mp4: converting 26 %",
    "a.mp4: succeeded",
    "",
  ]);
  expect(stderr).toBe("1 succeeded, 1 failed; in the last hour: 1 succeeded, 1 failed\n");
});

test("in a terminal, those that run have bars, the others are below, and the whole is redrawn in one write", async ({
  expect,
}) => {
  const list = listOf([
    running("b.mp4", { id: idOf("2"), phase: "waiting", waitReason: "it is next" }),
    running("a.mp4", { id: idOf("3"), percent: 50 }),
    summaryOf("done.mp4", { id: idOf("4"), endedAt: "2026-01-01T00:00:02.000Z" }),
  ]);

  const { looks, stdout } = await watch([list, list], { isTTY: true });

  expect(stdout).toBe("");
  const lines = [
    "… ████████░░░░░░░░  converting  50 %  a.mp4",
    "… ░░░░░░░░░░░░░░░░  waiting           b.mp4: it is next",
    `✓ ${"succeeded".padEnd(22)}  ${"8 s ago".padEnd(10)}   1.0 MB  done.mp4`,
    "",
    "  2 running, 1 succeeded; in the last hour: 1 succeeded, 0 failed",
  ];
  expect(looks[0]).toBe(`\u001B[?7l${lines.join("\n")}\n\u001B[?7h`);
  expect(looks[1]).toBe(`\u001B[5A\r\u001B[J\u001B[?7l${lines.join("\n")}\n\u001B[?7h`);
});

test("the block never is higher than the terminal", async ({ expect }) => {
  const many = Array.from({ length: 30 }, (_, index) => running(`r${index}.mp4`, { id: idOf(`a${index}`) }));
  const ended = Array.from({ length: 30 }, (_, index) => summaryOf(`e${index}.mp4`, { id: idOf(`b${index}`) }));

  const { looks } = await watch([listOf([...many, ...ended])], { isTTY: true, rows: 12 });

  const lines = looks[0]?.split("\n") ?? [];
  expect(lines.length).toBeLessThanOrEqual(12);
  expect(lines.filter((line) => line.includes("✓"))).toHaveLength(3);
  expect(lines.find((line) => line.includes("more"))).toBe("  and 25 more");
});

test("an app that does not answer for a while is told of once, and waited for", async ({ expect }) => {
  const broken = { status: 500, body: "" };

  const { looks, stdout } = await watch([listOf([running("a.mp4")]), broken, broken, listOf([summaryOf("a.mp4")])]);

  expect(looks.filter((text) => text.includes("still trying"))).toHaveLength(1);
  expect(stdout).toMatch(/a\.mp4: converting\n.*a\.mp4: succeeded\n$/);
});

test("an app that does not answer at first is an error", async ({ expect }) => {
  await expect(watch([problem(503, "ServiceUnavailable")])).rejects.toMatchObject({ code: "ServiceUnavailable" });
});

test("the watch ends when nobody reads it any more", async ({ expect }) => {
  const { url } = await startStandInApi(() => ({ body: listOf([running("a.mp4")]) }));
  const output = new Output({ write: () => {} }, { write: () => {} }, {});

  await watchList({
    app: { api: new AppApi({ url, key: undefined }), isNear: true },
    filter: {},
    limit: 50,
    output,
    signal: new AbortController().signal,
    now: () => NOW,
    pause: async (_, signal) => {
      output.endResults();
      signal.throwIfAborted();
    },
  });

  expect(output.unread.aborted).toBe(true);
});
