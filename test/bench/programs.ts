import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { builtScript } from "../../src/local/kit/appRoot.ts";
import type { PeerInput } from "./peer.ts";

interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** `mp3drop convert`, as a user runs it. */
export function runConvert(args: readonly string[], surroundings: Surroundings): Promise<void> {
  return runNode([builtScript("cli/main.ts"), "convert", ...args], surroundings);
}

export function runPeer(input: PeerInput, { env, signal }: Surroundings): Promise<void> {
  const peer = fileURLToPath(new URL("peerMain.js", import.meta.url));
  return runNode([peer], { env: { ...env, BENCH_PEER: JSON.stringify(input) }, signal });
}

/** Throws with what the program has said if it fails. */
async function runNode(args: readonly string[], { env, signal }: Surroundings): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], env, signal });
  const [[code], said] = await Promise.all([once(child, "close"), text(child.stderr)]);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${String(code)}:\n${said}`);
}
