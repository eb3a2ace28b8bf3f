import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished, test } from "vitest";
import { builtScript } from "../../../../src/local/kit/appRoot.ts";

const PROGRAM = join(import.meta.dirname, "..", "standIns", "program.mjs");
const FULL_DEVICE = "/dev/full";
const ENTRIES = ["batchEmulator/main.ts", "functionsHost/main.ts", "stack/coreToolsMain.ts"];

async function run(script: string, arg: string, signal?: NodeJS.Signals) {
  const child = spawn(process.execPath, [script, arg], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  if (signal !== undefined) child.stdout.once("data", () => child.kill(signal));
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: code as number | null, stdout, stderr };
}

test("a program ends when its work does, even if a timer is left", async ({ expect }) => {
  expect(await run(PROGRAM, "well")).toEqual({ code: 0, stdout: "127.0.0.1,localhost\n", stderr: "" });
  expect((await run(PROGRAM, "partly")).code).toBe(1);
});

test("what the user can fix is a code, a sentence and a hint, harmless to the terminal", async ({ expect }) => {
  expect(await run(PROGRAM, "mistake")).toEqual({
    code: 2,
    stdout: "",
    stderr: "NoSuchVideo: There is no \\u{1b}[31mvideo\nLook again.\n",
  });
  expect(await run(PROGRAM, "configuration")).toEqual({
    code: 2,
    stdout: "",
    stderr: "InvalidConfiguration: Invalid settings:\n  - PORT\n",
  });
});

test.for([
  ["bug", "x is not a function"],
  ["stray", "nobody waited for this"],
] as const)("a %s is shown with its stack", async ([way, message], { expect }) => {
  const { code, stderr } = await run(PROGRAM, way);

  expect(code).toBe(70);
  expect(stderr).toMatch(new RegExp(`^This is a bug:\nTypeError: ${message}\n {4}at `));
});

test.skipIf(!existsSync(FULL_DEVICE))(
  "output that cannot be written is an error with a sentence",
  async ({ expect }) => {
    const redirected = ["-c", `exec "$@" > ${FULL_DEVICE}`, "sh", process.execPath, PROGRAM, "well"];
    const child = spawn("sh", redirected, { stdio: ["ignore", "pipe", "pipe"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);

    expect(code).toBe(2);
    expect(stderr).toMatch(/^OutputNotWritten: The output could not be written: ENOSPC.*\n.+\n$/);
  },
);

test("a reader that goes before the end changes nothing", async ({ expect }) => {
  const child = spawn(process.execPath, [PROGRAM, "talkative"], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdout.once("data", () => child.stdout.destroy());
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);

  expect([code, stderr]).toEqual([0, ""]);
});

test.for([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("%s stops the work and gives exit code %i", async ([signal, code], { expect }) => {
  const stopped = await run(PROGRAM, "untilStopped", signal);

  expect(stopped.code).toBe(code);
  expect(stopped.stderr.trim()).toBe("Stopping … (once more: quit at once)");
});

test("what goes wrong while stopping is not hidden by the signal", async ({ expect }) => {
  const stopped = await run(PROGRAM, "untilStoppedBadly", "SIGTERM");

  expect(stopped.code).toBe(2);
  expect(stopped.stderr).toContain("StopFailed: It did not stop");
});

test.for(ENTRIES)("%s says what is wrong with its options, and shows no stack", async (entry, { expect }) => {
  const script = builtScript(join("local", entry));
  const [help, wrong] = await Promise.all([run(script, "--help"), run(script, "--halp")]);

  expect([help.code, help.stderr]).toEqual([0, ""]);
  expect(help.stdout).toMatch(/^Usage: node dist\/local\//);
  expect([wrong.code, wrong.stdout]).toEqual([2, ""]);
  expect(wrong.stderr).toMatch(/^WrongUsage: Unknown option '--halp'\nDid you mean --help\? See `.*`\.\n$/);
});
