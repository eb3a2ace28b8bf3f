import type { ChildProcess, ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { builtScript } from "./appRoot.ts";

export type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * A Node process that exits when this one does (see exitWithParent.ts). It has a process group of its own, so that a
 * Ctrl-C in the terminal reaches only the parent, which then stops its children in the right order.
 * `preloads` are our own scripts, by their paths below src, to run first.
 */
export function spawnNode(
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  preloads: readonly string[] = [],
): Child {
  const imports = ["local/kit/exitWithParent.ts", ...preloads].flatMap((path) => ["--import", urlOf(path)]);
  const child = spawn(process.execPath, [...imports, script, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env,
    detached: true,
    windowsHide: true,
  });
  child.stdin.on("error", () => {});
  return child;
}

/** `{ "--port": 1 }` as a child's arguments. */
export function optionArguments(options: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => [name, String(value)]);
}

/** Asks it to stop, and kills the whole process group if it has not stopped by then. */
export async function stopChild(child: ChildProcess, boundMs: number): Promise<void> {
  if (hasExited(child)) return;
  const exited = once(child, "exit");
  const force = setTimeout(() => killGroup(child), boundMs);
  child.kill("SIGTERM");
  await exited;
  clearTimeout(force);
}

/** Also true of a process that could not be started. */
export function hasExited(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function urlOf(path: string): string {
  return pathToFileURL(builtScript(path)).href;
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}
