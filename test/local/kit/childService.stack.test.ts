import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import type { ChildServiceEvents, ChildServiceOptions } from "../../../src/local/kit/childService.ts";
import { ChildService } from "../../../src/local/kit/childService.ts";
import { readJsonLine } from "../../../src/local/kit/lines.ts";
import { identifyProcess } from "../../../src/local/kit/processIdentity.ts";
import { accepts } from "../ports.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

interface Address {
  readonly url: string;
}

const SCRIPT = join(import.meta.dirname, "standIns", "service.mjs");

function optionsFor(behaviour: string, more: Partial<ChildServiceOptions<Address>> = {}): ChildServiceOptions<Address> {
  return {
    name: "Stand-in",
    script: SCRIPT,
    args: (previous) => [JSON.stringify({ behaviour, port: previous ? Number(new URL(previous.url).port) : 0 })],
    env: process.env,
    logFile: join(temporaryFolder(), "stand-in.log"),
    createReadyReader: () => (line) => readJsonLine<Address>(line),
    ...more,
  };
}

async function start(behaviour = "", more: Partial<ChildServiceOptions<Address>> = {}) {
  const service = await ChildService.start(optionsFor(behaviour, more));
  onTestFinished(() => service.stop());
  return service;
}

async function ask({ url }: Address, path = "/"): Promise<{ pid: number; value: string }> {
  const response = await fetch(url + path, { headers: { connection: "close" } });
  return (await response.json()) as { pid: number; value: string };
}

/** A promise for the first call of one event. */
function firstCall<Name extends keyof ChildServiceEvents>(name: Name, accept: (value: never) => boolean = () => true) {
  let events: ChildServiceEvents = {};
  const called = new Promise<unknown>((resolve) => {
    events = { [name]: (value: never) => accept(value) && resolve(value) };
  });
  return { events, called };
}

test("a service is ready when its line of JSON arrives, whatever it writes before that", async ({ expect }) => {
  const service = await start("", { env: { ...process.env, VALUE: "from the environment" } });

  expect(await ask(service.ready)).toMatchObject({ value: "from the environment" });
});

test("a stopped service is gone", async ({ expect }) => {
  const service = await start();
  await service.stop();

  expect(await accepts(service.ready.url)).toBe(false);
});

test("a service that ignores SIGTERM is killed", async ({ expect }) => {
  const service = await start("ignores SIGTERM", { stopBoundMs: 100 });
  await service.stop();

  expect(await accepts(service.ready.url)).toBe(false);
});

test("a service that ends while it starts is reported with its last words and its log", async ({ expect }) => {
  const options = optionsFor("refuses to start");

  await expect(ChildService.start(options)).rejects.toMatchObject({
    code: "ServiceNotStarted",
    message: expect.stringMatching(/Stand-in ended while starting \(exit code 2\)\n {2}the reason it does not start/),
    hint: expect.stringContaining(options.logFile),
  });
});

test("a service that is never ready is killed", async ({ expect }) => {
  const started = firstCall("onStarted");

  await expect(
    ChildService.start(optionsFor("never ready", { readyBoundMs: 300, stopBoundMs: 100, events: started.events })),
  ).rejects.toMatchObject({ message: expect.stringContaining("was not ready after 0.3 s") });
  const pid = (await started.called) as number;
  expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
});

test("what a service writes goes to the callback and to its log", async ({ expect }) => {
  const said = firstCall("onLine", (line: string) => line === "said something");
  const options = optionsFor("", { events: said.events });
  const service = await ChildService.start(options);
  onTestFinished(() => service.stop());

  await ask(service.ready, "/say");

  await said.called;
  expect(readFileSync(options.logFile, "utf8")).toMatch(/Z said something\n/);
});

test("a service that dies comes back on the same port", async ({ expect }) => {
  const starts: number[] = [];
  let onSecondStart = (): void => {};
  const secondStart = new Promise<void>((resolve) => (onSecondStart = resolve));
  const messages: string[] = [];
  const service = await start("", {
    events: {
      onStarted: (pid) => starts.push(pid),
      onRestart: (message) => messages.push(message),
      onLine: (line) => line === "loading…" && starts.length === 2 && onSecondStart(),
    },
  });
  const { url } = service.ready;

  process.kill(starts[0] ?? 0, "SIGKILL");
  await secondStart;

  expect((await ask({ url })).pid).toBe(starts[1]);
  expect(messages).toEqual([expect.stringContaining("Stand-in died (SIGKILL) and is being restarted")]);
});

test("a service that waits is told to go on when it may, and at once after a restart", async ({ expect }) => {
  const lines: string[] = [];
  const pids: number[] = [];
  let goOn = (): void => {};
  const goAhead = new Promise<void>((resolve) => (goOn = resolve));
  const { ready } = await start("waits", {
    goAhead,
    events: { onLine: (line) => lines.push(line), onStarted: (pid) => pids.push(pid) },
  });
  await ask(ready, "/say");
  await expect.poll(() => lines).toContain("said something");
  const before = [...lines];

  goOn();
  await expect.poll(() => lines).toContain("going on");
  process.kill(pids[0] ?? 0, "SIGKILL");

  await expect.poll(() => lines.filter((line) => line === "going on")).toHaveLength(2);
  expect(before).not.toContain("going on");
});

test("a service that dies again and again is left down", async ({ expect }) => {
  const givenUp = firstCall("onGivenUp");
  const service = await start("dies once it is ready", { events: givenUp.events });

  expect(await givenUp.called).toMatchObject({
    code: "ServiceDied",
    message: "Stand-in died again (exit code 7) after 5 restarts",
  });
  expect(await accepts(service.ready.url)).toBe(false);
});

test("a service that says why it stops is not restarted, and its reason is passed on", async ({ expect }) => {
  const givenUp = firstCall("onGivenUp");
  const restarts: string[] = [];
  const service = await start("", { events: { ...givenUp.events, onRestart: (message) => restarts.push(message) } });

  await ask(service.ready, "/fail").catch(() => {});

  expect(await givenUp.called).toMatchObject({
    code: "StateNotSaved",
    message: "Stand-in stopped: /data/state cannot be written",
    hint: "Free some space.",
  });
  expect(restarts).toEqual([]);
  expect(await accepts(service.ready.url)).toBe(false);
});

test("a service that hangs at every restart is left down, and none of its processes lives on", async ({ expect }) => {
  const givenUp = firstCall("onGivenUp");
  const starts: number[] = [];
  const options = optionsFor("hangs at a restart", {
    stopBoundMs: 1_000,
    events: { ...givenUp.events, onStarted: (pid) => starts.push(pid) },
  });
  const service = await ChildService.start(options);
  onTestFinished(() => service.stop());
  // Only of a restart is it known that it never gets ready.
  Object.assign(options, { readyBoundMs: 300 });

  await ask(service.ready, "/die").catch(() => {});

  expect(await givenUp.called).toMatchObject({ code: "ServiceDied" });
  expect(starts).toHaveLength(6);
  expect(starts.map(identifyProcess).filter((process) => process !== undefined)).toEqual([]);
});

test("a service whose own child keeps its output open is restarted all the same", async ({ expect }) => {
  const restart = firstCall("onRestart");
  const service = await start("", { events: restart.events });

  await ask(service.ready, "/die-with-a-child").catch(() => {});

  expect(await restart.called).toContain("Stand-in died (exit code 7)");
});

test("a line of JSON that is no reason to stop is like any other line", async ({ expect }) => {
  const said = firstCall("onLine", (line: string) => line.includes('"id":1'));
  const restart = firstCall("onRestart");
  const service = await start("", { events: { ...said.events, ...restart.events } });

  await ask(service.ready, "/say-json");
  await said.called;
  await ask(service.ready, "/die").catch(() => {});

  expect(await restart.called).toContain("is being restarted");
});

test("a child exits when its parent is killed", async ({ expect }) => {
  const parent = spawn(process.execPath, [join(import.meta.dirname, "standIns", "parent.mjs"), SCRIPT, "{}"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(said.toString());

  parent.kill("SIGKILL");
  await once(parent.stdout, "close");

  await expect.poll(() => identifyProcess(pid)).toBeUndefined();
});
