import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export interface CliRun {
  readonly child: ChildProcess;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  /** The first line on stdout. */
  readonly firstLine: Promise<string>;
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const MAIN = join(import.meta.dirname, "..", "..", "dist", "cli", "main.js");

export interface CliOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** When it is killed, if it has not ended by itself: after the test if not given. */
  readonly onEnd?: (cleanUp: () => void) => void;
}

/** The built command line program, as a user starts it. */
export function startCli(args: readonly string[], { env = {}, cwd, onEnd = onTestFinished }: CliOptions = {}): CliRun {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
    ...(cwd !== undefined && { cwd }),
  });
  onEnd(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.includes("\n")) resolve(stdout.slice(0, stdout.indexOf("\n")));
    });
    child.once("close", () => reject(new Error(`ended without a line on stdout:\n${stderr}`)));
  });
  firstLine.catch(() => {});
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const exit = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  return { child, stdout: () => stdout, stderr: () => stderr, firstLine, exit };
}

export const ANY_PORTS = ["blob", "queue", "table", "batch", "functions"].flatMap((name) => [`--${name}-port`, "0"]);
