import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { hasExited } from "../kit/childProcess.ts";
import { parsePort } from "../kit/commandLine/args.ts";
import type { Parsed } from "../kit/commandLine/args.ts";
import type { Command, Context } from "../kit/commandLine/command.ts";
import { runService } from "../kit/commandLine/runService.ts";
import { createFailure } from "../kit/failure.ts";
import { findFreePort } from "../kit/listen.ts";
import { LOOPBACK } from "../kit/loopback.ts";
import { startUndoably } from "../kit/undo.ts";
import { UserError } from "../kit/userError.ts";

const HELP = `Runs the app in Azure Functions Core Tools and behaves as the embedded host does: once it answers, it prints
its address on stdout, in JSON, and it stops when it is asked to. Settings of the app are taken from the environment.

Options
  --func PATH       the program func (default: the one on PATH)
  --app DIR         folder of the app, with its host.json (default: the current one)
  --port N          port to listen on (default 0: any free port)
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
const REQUEST_BOUND_MS = 5_000;
/** Less than the time after which the stack kills this process, which would leave func behind. */
export const STOP_FUNC_BOUND_MS = 6_000;

async function run({ values }: Parsed<typeof OPTIONS>, context: Context): Promise<number> {
  const port = await findFreePort({ port: parsePort("--port", values.port) });
  const url = `http://${LOOPBACK}:${port}`;
  const service = await startUndoably(async (undo) => {
    const func = spawnFunc(values.func, values.app, port);
    undo.push(() => stop(func));
    const failed = untilEnded(func);
    await Promise.race([untilRunning(url, context.signal), failed]);
    return { failed };
  });
  context.output.result(JSON.stringify({ url }));
  // Without a line of why it stops: the stack is to start func again.
  return runService(service, context, false);
}

function spawnFunc(program: string, app: string, port: number): ChildProcess {
  const func = spawn(program, ["start", "--port", String(port)], {
    cwd: app,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  func.stdout.pipe(process.stderr);
  func.stderr.pipe(process.stderr);
  return func;
}

/** Rejects when func ends by itself, or cannot be started. */
function untilEnded(func: ChildProcess): Promise<never> {
  const { failed, fail } = createFailure();
  const failWith = (what: string): void => fail(new UserError("CoreToolsEnded", `func ${what}`));
  func.once("error", (error) => failWith(`could not be started: ${error.message}`));
  func.once("exit", (code, signal) => failWith(`ended by itself (${signal ?? `exit code ${code}`})`));
  return failed;
}

/** https://github.com/Azure/azure-functions-host/wiki/Admin-API */
async function untilRunning(url: string, signal: AbortSignal): Promise<void> {
  while (!(await isRunning(url, signal))) await delay(POLL_MS, undefined, { signal });
}

async function isRunning(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`${url}/admin/host/status`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_BOUND_MS)]),
    });
    return response.ok && ((await response.json()) as { state?: string }).state === "Running";
  } catch {
    return false;
  }
}

/** Core Tools run the host and the Node worker as separate processes, all in one group. */
async function stop(func: ChildProcess): Promise<void> {
  const { pid } = func;
  if (pid === undefined || hasExited(func)) return;
  const exited = once(func, "exit");
  const force = setTimeout(() => process.kill(-pid, "SIGKILL"), STOP_FUNC_BOUND_MS);
  process.kill(-pid, "SIGTERM");
  await exited;
  clearTimeout(force);
}
