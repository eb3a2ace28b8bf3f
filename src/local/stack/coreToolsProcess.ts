import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { parseNumber } from "../kit/commandLine/args.ts";
import type { Parsed } from "../kit/commandLine/args.ts";
import type { Command, Context } from "../kit/commandLine/command.ts";
import { EXIT } from "../kit/commandLine/exitCodes.ts";
import { findFreePort } from "../kit/listen.ts";
import { LOOPBACK } from "../kit/loopback.ts";
import { UserError } from "../kit/userError.ts";

const HELP = `Runs the app in Azure Functions Core Tools and behaves as the embedded host does: says on stdout, in JSON, where it is
as soon as it answers, and ends when it is asked to. Settings of the app are taken from the environment.

Options
  --func PATH       the program func (default: the one on PATH)
  --app DIR         folder of the app, with its host.json (default: the current one)
  --port N          port to listen on; 0 takes any free one (default 0)
  --help, -h        this text
`;

const OPTIONS = {
  func: { type: "string", default: "func" },
  app: { type: "string", default: "." },
  port: { type: "string", default: "0" },
} as const;

export const CORE_TOOLS: Command<typeof OPTIONS> = {
  name: "node dist/local/stack/coreToolsMain.js",
  help: HELP,
  options: OPTIONS,
  run,
};

const POLL_MS = 250;

async function run({ values }: Parsed<typeof OPTIONS>, { output, signal }: Context): Promise<number> {
  const wanted = parseNumber("--port", values.port, {
    min: 0,
    max: 65_535,
    isWhole: true,
    hint: "0 takes any free one.",
  });
  const port = await findFreePort({ port: wanted });
  const url = `http://${LOOPBACK}:${port}`;
  const func = spawn(values.func, ["start", "--port", String(port)], {
    cwd: values.app,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  func.stdout.pipe(process.stderr);
  func.stderr.pipe(process.stderr);
  const ended = untilEnded(func);
  try {
    await Promise.race([untilRunning(url, signal), ended]);
    output.result(JSON.stringify({ url }));
    if (!signal.aborted) await Promise.race([once(signal, "abort"), ended]);
  } finally {
    await stop(func);
  }
  return EXIT.ok;
}

/** Rejects when func ends by itself, or cannot be started. */
function untilEnded(func: ChildProcess): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    const fail = (what: string): void => reject(new UserError("CoreToolsEnded", `func ${what}`));
    func.once("error", (error) => fail(`could not be started: ${error.message}`));
    func.once("exit", (code, signal) => fail(`ended by itself (${signal ?? `exit code ${code}`})`));
  });
  ended.catch(() => {});
  return ended;
}

/** https://github.com/Azure/azure-functions-host/wiki/Admin-API */
async function untilRunning(url: string, signal: AbortSignal): Promise<void> {
  while (!(await isRunning(url))) await delay(POLL_MS, undefined, { signal });
}

async function isRunning(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/admin/host/status`);
    return response.ok && ((await response.json()) as { state?: string }).state === "Running";
  } catch {
    return false;
  }
}

/** Core Tools run the host and the Node worker as separate processes, all in one group. */
async function stop(func: ChildProcess): Promise<void> {
  if (func.pid === undefined || func.exitCode !== null || func.signalCode !== null) return;
  const exited = once(func, "exit");
  process.kill(-func.pid, "SIGTERM");
  await exited;
}
