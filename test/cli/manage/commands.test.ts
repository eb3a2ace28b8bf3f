import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { connectArm } from "../../../src/cli/azure/arm.ts";
import { openApp } from "../../../src/cli/manage/openApp.ts";
import type { ConversionView } from "../../../src/model/conversion.ts";
import { temporaryFolder } from "../../local/temporaryFolder.ts";
import { AZD_ENV, startStandInArm } from "../azure/standInArm.ts";
import type { ApiAnswer, ApiRequest } from "./standInApi.ts";
import { failed, idOf, listOf, problem, runCli, startStandInApi, summaryOf } from "./standInApi.ts";

const ID = idOf("abc");

function viewOf(changed: Partial<ConversionView> = {}): ConversionView {
  return {
    id: ID,
    status: "running",
    phase: "converting",
    percent: 43,
    waitReason: null,
    waitingSince: null,
    workload: "mp3",
    input: { container: "input", name: "talks/intro.mp4", eTag: "0x1" },
    attempt: 1,
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: "2026-01-01T00:00:00.000Z",
    record: null,
    ...changed,
  };
}

/** Answers by method and path; a list always has these two, the newest first. */
function answering(answers: Readonly<Record<string, ApiAnswer>>) {
  const found = listOf([
    failed("intro.mp4.mp4", { id: idOf("1") }),
    failed("intro.mp4", { id: idOf("2") }),
    summaryOf("intro.mp4", { id: idOf("3") }),
  ]);
  return ({ what }: ApiRequest): ApiAnswer =>
    answers[what] ?? (what.startsWith("GET ?") ? { body: found } : problem(404, "ConversionNotFound"));
}

test("status says how far a conversion is, and with --json what the app answers", async ({ expect }) => {
  const view = viewOf();
  const { run } = await startStandInApi(answering({ [`GET /${ID}`]: { body: view } }));

  const text = await run("status", ID);
  const json = await run("status", "--json", ID);

  expect(text).toMatchObject({ exitCode: 0, stderr: "" });
  expect(text.stdout).toContain("talks/intro.mp4\n  status     converting 43 %\n  input      input/talks/intro.mp4\n");
  expect(JSON.parse(json.stdout)).toEqual(view);
});

test("status names the log of a failure only where there is one", async ({ expect }) => {
  const failedWith = (logBlob: string | null) => {
    const times = { startedAt: "2026-01-01T00:00:00.000Z", recordedAt: "2026-01-01T00:00:02.000Z" };
    const record = { input: {}, error: { code: "BadOptions", message: "wrong", hint: "Correct it.", logBlob }, times };
    return { body: { ...viewOf({ status: "failed" }), record } };
  };
  const { run } = await startStandInApi(
    answering({ [`GET /${idOf("a")}`]: failedWith(null), [`GET /${idOf("b")}`]: failedWith("intro.mp3.log") }),
  );

  expect((await run("status", idOf("a"))).stdout).toMatch(/\n {2}next {7}mp3drop retry \w+\n$/);
  expect((await run("status", idOf("b"))).stdout).toMatch(/\n {2}next {7}mp3drop log \w+, mp3drop retry \w+\n$/);
});

test("a name means the newest conversion of that blob, also as the path of a file", async ({ expect }) => {
  const { run, requests } = await startStandInApi(answering({ [`GET /${idOf("2")}`]: { body: viewOf() } }));

  await run("status", "intro.mp4");
  await run("status", "./videos/intro.mp4");

  expect(requests.map(({ what }) => what)).toEqual([
    "GET ?prefix=intro.mp4&limit=50",
    `GET /${idOf("2")}`,
    "GET ?prefix=videos%2Fintro.mp4&limit=50",
    "GET ?prefix=intro.mp4&limit=50",
    `GET /${idOf("2")}`,
  ]);
  await expect(run("status", "intro")).rejects.toMatchObject({ code: "ConversionNotFound" });
});

test("cancel and retry go through all that are named, and one refusal makes the exit code 1", async ({ expect }) => {
  const { run, requests } = await startStandInApi(
    answering({
      [`DELETE /${ID}`]: { status: 202, body: viewOf() },
      [`DELETE /${idOf("2")}`]: problem(409, "ConversionEnded", "it has ended"),
      [`POST /${ID}/retry`]: { status: 202, body: viewOf() },
    }),
  );

  const cancelled = await run("cancel", ID, "intro.mp4", ID);
  const retried = await run("retry", ID, "--json");

  expect(cancelled).toEqual({
    exitCode: 1,
    stdout: `${ID}: is being cancelled\n`,
    stderr: "✗ intro.mp4: ConversionEnded: it has ended\n",
  });
  expect(retried.exitCode).toBe(0);
  expect(JSON.parse(retried.stdout)).toEqual({
    conversions: [{ id: ID, word: ID, outcome: "started", code: null, message: null }],
  });
  expect(requests.filter(({ what }) => what === `DELETE /${ID}`)).toHaveLength(1);
});

test("retry --failed says that nothing fits where nothing does, for other conversions may have failed", async ({
  expect,
}) => {
  const { run } = await startStandInApi(() => ({ body: { started: 0, ids: [], refused: [], continuation: null } }));

  expect((await run("retry", "--failed")).stderr).toBe("Nothing has failed\n");
  expect((await run("retry", "--failed", "--code", "NodeLost")).stderr).toBe("Nothing that has failed fits\n");
});

test("retry --failed goes on until the app has seen all", async ({ expect }) => {
  const pages = [
    { started: 1, ids: [idOf("1")], refused: [], continuation: "more" },
    { started: 0, ids: [], refused: [{ id: idOf("2"), code: "UnknownWorkload" }], continuation: null },
  ];
  const { run, requests } = await startStandInApi(() => ({ status: 202, body: pages.shift() }));

  const { exitCode, stderr } = await run("retry", "--failed", "--code", "NodeLost", "--prefix", "talks/");

  expect(exitCode).toBe(1);
  expect(requests).toMatchObject([
    { what: "POST /retry", body: { code: "NodeLost", prefix: "talks/" } },
    { what: "POST /retry", body: { code: "NodeLost", prefix: "talks/", continuation: "more" } },
  ]);
  expect(stderr).toContain("1 are being tried again, 1 were refused");
});

test.for([
  [["retry"], "No conversion was named"],
  [["retry", "--code", "X"], "--code, --prefix and --since choose among those that failed"],
  [["retry", "--failed", ID], "--failed and names exclude each other"],
  [["cancel"], "No conversion was named"],
  [["status"], "No conversion was named"],
  [["log", "a", "b"], "One conversion at a time, not 2"],
] as const)("%s is refused before the app is asked", async ([words, message], { expect }) => {
  await expect(runCli(words, { MP3DROP_URL: "http://127.0.0.1:1" })).rejects.toMatchObject({
    code: "WrongUsage",
    message,
  });
});

test("log prints what the program said, with its tabs and lines, and nothing that a terminal obeys", async ({
  expect,
}) => {
  const { run } = await startStandInApi(answering({ [`GET /${ID}/log`]: { body: "one\r\n\ttwo \u001B[2J\rthree\n" } }));

  expect((await run("log", ID)).stdout).toBe("one\n\ttwo \\u{1b}[2J\nthree\n");
  expect(JSON.parse((await run("log", "--json", ID)).stdout)).toEqual({
    id: ID,
    log: "one\r\n\ttwo \u001B[2J\rthree\n",
  });
});

test("the key travels in a header only, to the app only, and is in no message", async ({ expect }) => {
  const { url, requests } = await startStandInApi(() => ({ status: 401 }));
  const env = { MP3DROP_URL: url, MP3DROP_KEY: "s3cret" };

  await expect(runCli(["list"], env)).rejects.toMatchObject({
    code: "KeyNeeded",
    message: `${url} does not take the key`,
  });
  await expect(runCli(["list"], { MP3DROP_URL: `${url}?code=s3cret` })).rejects.not.toThrow("s3cret");
  await expect(runCli(["list", "--key", "s3cret"], { MP3DROP_URL: url })).rejects.not.toThrow("s3cret");
  await expect(runCli(["list"], { ...env, MP3DROP_URL: "http://app.example" })).rejects.toMatchObject({
    code: "WrongUsage",
    message: expect.stringContaining("everybody on the way could read the key"),
  });

  expect(requests.map(({ what, key }) => [what, key])).toEqual(Array(3).fill(["GET ?limit=50", "s3cret"]));
});

test("an app that redirects is not followed, because the key is for it alone", async ({ expect }) => {
  const elsewhere = await startStandInApi(() => ({ body: listOf([]) }));
  const { run } = await startStandInApi(() => ({ status: 302, headers: { location: elsewhere.url } }));

  await expect(run("list")).rejects.toMatchObject({ code: "SignInWanted" });
  expect(elsewhere.requests).toEqual([]);
});

test("an answer that is none of ours is said to be so", async ({ expect }) => {
  const { run } = await startStandInApi(() => ({ body: "<html>" }));

  await expect(run("list")).rejects.toMatchObject({ code: "StrangeAnswer", hint: expect.stringContaining("address") });
});

test("where no stack runs, it is said how to name an app", async ({ expect }) => {
  await expect(runCli(["list"], {})).rejects.toMatchObject({
    code: "NoLocalStack",
    hint: expect.stringContaining("--azure"),
  });
});

test("with --azure, address and key are those of the deployment that azd knows", async ({ expect }) => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, ".azure", "dev"), { recursive: true });
  const lines = Object.entries(AZD_ENV).map(([name, value]) => `${name}="${value}"\n`);
  writeFileSync(join(folder, ".azure", "dev", ".env"), lines.join(""));
  const arm = await startStandInArm(() => ({ status: 200, body: { functionKeys: { default: "s3cret" } } }));

  const { api, azd, isNear } = await openApp({ azure: false, environment: "dev" }, { env: {}, folder }, () =>
    connectArm({ url: arm.url, getToken: () => Promise.resolve("token") }),
  );

  expect(api.address).toEqual({ url: AZD_ENV.AZURE_FUNCTION_APP_URL, key: "s3cret" });
  expect([azd?.["BATCH_MAX_NODES"], isNear]).toEqual(["4", false]);
  expect(arm.requests).toMatchObject([
    { method: "POST", path: "/providers/Microsoft.Web/sites/func-test/host/default/listkeys" },
  ]);
});

test("clean does not ask where nobody can answer", async ({ expect }) => {
  const { run, requests } = await startStandInApi(() => ({ body: listOf([]) }));

  await expect(run("clean")).rejects.toMatchObject({ code: "NobodyToAsk", hint: expect.stringContaining("--yes") });
  await expect(run("clean", "--only", "inputs,jobs")).rejects.toMatchObject({
    code: "WrongUsage",
    hint: "Did you mean job?",
  });
  expect(requests).toEqual([]);
});
