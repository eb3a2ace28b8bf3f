import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const HOST_MAIN = fileURLToPath(new URL("../../../dist/local/functionsHost/main.js", import.meta.url));

export interface HostProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it has written to stderr so far. */
  log(): string;
  /** Resolves as soon as a line matches. */
  logged(pattern: RegExp): Promise<string>;
  /** Resolves with the exit code, or with the name of the signal that ended it. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | string | null>;
  /** The same, for an end that comes by itself. */
  ended(): Promise<number | string | null>;
}

interface HostRun {
  readonly app: string;
  readonly data: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function fixtureApp(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/apps/${name}`, import.meta.url));
}

/** Starts a host on free ports and waits until it is ready; rejects with its stderr when it ends before that. */
export async function startHostProcess(run: HostRun): Promise<HostProcess> {
  const { child, lines, waiters } = spawnHost(run);
  const ended = new Promise<number | string | null>((resolve) => {
    // Once all that it has written is read, too.
    child.once("close", (code: number | null, signal: string | null) => resolve(code ?? signal));
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`The host ended with ${String(code)}:\n${lines.join("\n")}`)));
  });
  const { url } = JSON.parse(line) as { url: string };
  return {
    url,
    child,
    log: () => lines.join("\n"),
    logged: (pattern) =>
      new Promise((resolve) => {
        const found = lines.find((text) => pattern.test(text));
        if (found !== undefined) resolve(found);
        else waiters.push({ pattern, resolve });
      }),
    ended: () => ended,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

/** Runs a host that is expected to refuse its work. */
export async function runHostToItsEnd(run: HostRun): Promise<{ code: number | null; stderr: string }> {
  const { child, lines } = spawnHost(run);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stderr: lines.join("\n") };
}

function spawnHost({ app, data, env = {} }: HostRun): {
  child: ReturnType<typeof spawn> & { stdout: NodeJS.ReadableStream };
  lines: string[];
  waiters: { pattern: RegExp; resolve: (line: string) => void }[];
} {
  const lines: string[] = [];
  const waiters: { pattern: RegExp; resolve: (line: string) => void }[] = [];
  const child = spawn(process.execPath, [HOST_MAIN, "--app", app, "--data", data, "--port", "0", "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], ...env },
  });
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines.push(line);
    for (const waiter of waiters.filter(({ pattern }) => pattern.test(line))) {
      waiters.splice(waiters.indexOf(waiter), 1);
      waiter.resolve(line);
    }
  });
  return { child, lines, waiters };
}
