import { parseArgs } from "node:util";
import { failureLine } from "../kit/failureLine.ts";
import { UserError } from "../kit/userError.ts";
import { startHost } from "./host.ts";
import type { Host } from "./host.ts";
import { readHostTest } from "./hostTest.ts";

const USAGE = "node dist/local/functionsHost/main.js --app DIR --data DIR [--port N] [--json]";
const DEFAULT_PORT = 7071;
const DEFAULT_POLL_MS = 500;
const EXIT_USER_ERROR = 2;
const EXIT_BUG = 70;

try {
  await run();
} catch (error) {
  fail(error);
}

async function run(): Promise<void> {
  const { app, data, port, json } = readArguments();
  const running: { host?: Host } = {};
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    // The libraries of an app keep servers open, so the process has to be ended.
    Promise.resolve(running.host?.stop()).then(() => process.exit(0), fail);
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  process.on("uncaughtException", fail).on("unhandledRejection", fail);

  const host = await startHost({
    appFolder: app,
    dataFolder: data,
    port,
    settings: process.env,
    printLog,
    pollMs: readNumber("FUNCTIONS_HOST_POLL_MS", process.env["FUNCTIONS_HOST_POLL_MS"], DEFAULT_POLL_MS),
    onFailure: fail,
    ...readHostTest(process.env["FUNCTIONS_HOST_TEST"]),
  });
  running.host = host;
  if (json) process.stdout.write(`${JSON.stringify({ url: host.url })}\n`);
  else printLog(`The Functions host is ready: ${host.url}`);
}

function readArguments(): { app: string; data: string; port: number; json: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        app: { type: "string" },
        data: { type: "string" },
        port: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const { app, data, json } = values;
    if (app === undefined || data === undefined) throw new Error("--app and --data are required");
    return { app, data, json, port: readNumber("--port", values.port, DEFAULT_PORT) };
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError("BadArguments", (cause as Error).message, { cause, hint: `Usage: ${USAGE}` });
  }
}

function readNumber(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new UserError("BadArguments", `${name} must be a whole number from 0 to 65535, not "${text}"`, {
    hint: `Usage: ${USAGE}`,
  });
}

function printLog(line: string): void {
  process.stderr.write(`${line}\n`);
}

function fail(error: unknown): never {
  if (error instanceof UserError) {
    printLog(`${error.code}: ${error.message}`);
    if (error.hint !== undefined) printLog(error.hint);
    if (process.argv.includes("--json")) process.stdout.write(failureLine(error));
    process.exit(EXIT_USER_ERROR);
  }
  printLog(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(EXIT_BUG);
}
