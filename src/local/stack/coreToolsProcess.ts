import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { freePort } from "./ports.ts";
import { LOOPBACK } from "../kit/loopback.ts";

/**
 * Runs the app in Azure Functions Core Tools and behaves like our own host: prints its address on stdout once it answers,
 * and stops when told to. It runs as a child process, with the app's settings in its environment.
 */
const POLL_MS = 250;

const { values } = parseArgs({
  options: { func: { type: "string" }, app: { type: "string" }, port: { type: "string" } },
});
const port = Number(values.port) || (await freePort());
const url = `http://${LOOPBACK}:${port}`;

const func = spawn(values.func ?? "func", ["start", "--port", String(port)], {
  cwd: values.app,
  stdio: ["ignore", "pipe", "pipe"],
  detached: true,
});
func.stdout.pipe(process.stderr);
func.stderr.pipe(process.stderr);
func.once("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
func.once("exit", (code) => process.exit(code ?? 1));
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());

while (!(await isRunning())) await delay(POLL_MS);
process.stdout.write(`${JSON.stringify({ url })}\n`);

/** https://github.com/Azure/azure-functions-host/wiki/Admin-API */
async function isRunning(): Promise<boolean> {
  try {
    const response = await fetch(`${url}/admin/host/status`);
    return response.ok && ((await response.json()) as { state?: string }).state === "Running";
  } catch {
    return false;
  }
}

/** Core Tools run the host and the Node worker as separate processes, all in one group. */
async function stop(): Promise<void> {
  if (func.pid === undefined || func.exitCode !== null) process.exit(0);
  func.removeAllListeners("exit");
  process.kill(-func.pid, "SIGTERM");
  await once(func, "exit");
  process.exit(0);
}
