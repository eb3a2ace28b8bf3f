import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { UserError } from "../userError.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { DEVELOPMENT_ACCOUNT_KEY, DEVELOPMENT_ACCOUNT_NAME } from "./developmentAccount.ts";
import { Engine } from "./engine/engine.ts";
import { loseNode } from "./engine/nodeLosses.ts";
import { resume } from "./engine/resume.ts";
import type { Runner } from "./engine/runner.ts";
import { SHORT_TIMINGS } from "./engine/timings.ts";
import type { Timings } from "./engine/timings.ts";
import { createListener } from "./http/listener.ts";
import { Faults } from "./faults/faults.ts";
import { parseFaultPlan } from "./faults/plan.ts";
import type { FaultPlanInput } from "./faults/plan.ts";
import { KEEP_ALIVE_MS } from "./limits.ts";
import { Store } from "./model/store.ts";
import { systemRandom } from "./random.ts";
import type { Random } from "./random.ts";
import { ProcessRunner } from "./runner/processRunner.ts";
import { virtualRunner } from "./runner/virtualRunner.ts";
import type { VirtualTasks } from "./runner/virtualRunner.ts";

export { systemClock, VirtualClock } from "./clock.ts";
export { DEVELOPMENT_ACCOUNT_KEY, DEVELOPMENT_ACCOUNT_NAME } from "./developmentAccount.ts";
export { parseFaultsFile } from "./faults/plan.ts";
export type { FaultPlanInput, FaultsFile } from "./faults/plan.ts";
export { seededRandom } from "./random.ts";

export interface BatchEmulatorOptions {
  /** Holds the state, in its subfolder `batch`. */
  readonly dataFolder: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** The emulator runs any command for whoever has the public key: leave it on the loopback address. */
  readonly host?: string;
  readonly accountName?: string;
  readonly accountKey?: string;
  /** Primary and secondary key; takes precedence over `accountKey`. */
  readonly accountKeys?: readonly [primary: string, secondary?: string];
  /** Nodes in all pools together. */
  readonly maxNodes?: number;
  /** Searched for programs before the PATH of this process. */
  readonly nodeBinFolders?: readonly string[];
  readonly timings?: Partial<Timings>;
  readonly clock?: Clock;
  readonly random?: Random;
  /** What shall go wrong on purpose. */
  readonly faults?: FaultPlanInput;
  /** Lets tasks take time of the clock instead of running anything. */
  readonly virtualTasks?: VirtualTasks;
  readonly log?: (line: string) => void;
}

export interface BatchEmulator {
  readonly endpoint: string;
  readonly accountName: string;
  readonly accountKey: string;
  readonly faults: {
    /** Replaces all faults; `{}` ends them. */
    set(plan: FaultPlanInput): void;
  };
  /** Takes a node away as the platform does. A preempted one comes back after `timings.preemptedMs`. */
  loseNode(poolId: string, nodeId: string, what: "preempt" | "unusable"): void;
  /** Ends all tasks and their processes; the state stays and is taken up by the next start. */
  stop(): Promise<void>;
}

const DEFAULT_MAX_NODES = 20;

/** Starts a Batch account on this machine. Resolves when it answers requests. */
export async function startBatchEmulator(options: BatchEmulatorOptions): Promise<BatchEmulator> {
  const folder = resolve(options.dataFolder, "batch");
  mkdirSync(folder, { recursive: true });
  const accountName = options.accountName ?? DEVELOPMENT_ACCOUNT_NAME;
  const [accountKey, secondaryKey] = options.accountKeys ?? [options.accountKey ?? DEVELOPMENT_ACCOUNT_KEY];
  const log = options.log ?? (() => {});
  const host = options.host ?? "127.0.0.1";

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
  const port = await listen(server, options.port ?? 0, host);
  const endpoint = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;

  const store = new Store(join(folder, "journal.jsonl"));
  const clock = options.clock ?? systemClock();
  const random = options.random ?? systemRandom;
  const faults = new Faults(parseFaultPlan(options.faults ?? {}), random, clock);
  const runner: Runner =
    options.virtualTasks === undefined
      ? new ProcessRunner({
          registerFolder: join(folder, "processes"),
          binFolders: (options.nodeBinFolders ?? []).map((binFolder) => resolve(binFolder)),
          path: process.env["PATH"] ?? "",
        })
      : virtualRunner(clock, random, options.virtualTasks);
  const engine = new Engine({
    store,
    clock,
    random,
    timings: { ...SHORT_TIMINGS, ...options.timings },
    runner,
    faults,
    account: { name: accountName, url: `${endpoint}/` },
    maxNodes: options.maxNodes ?? DEFAULT_MAX_NODES,
    nodesFolder: join(folder, "nodes"),
    log,
  });
  await resume(engine);
  const keys = [accountKey, ...(secondaryKey === undefined ? [] : [secondaryKey])];
  const account = { name: accountName, keys };
  server.on("request", createListener({ engine, account, faults, wallClock: Date.now, log }));

  return {
    endpoint,
    accountName,
    accountKey,
    faults,
    loseNode(poolId, nodeId, what) {
      loseNode(engine, store.requireNode(store.requirePool(poolId), nodeId), what);
    },
    async stop() {
      engine.stop();
      await close(server);
      await runner.killAllIn(engine.nodesFolder);
      store.close();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((settle, fail) => {
    server.once("error", (cause: NodeJS.ErrnoException) => fail(listenError(cause, port, host)));
    server.listen(port, host, () => settle((server.address() as AddressInfo).port));
  });
}

function listenError(cause: NodeJS.ErrnoException, port: number, host: string): Error {
  if (cause.code === "EADDRINUSE") {
    return new UserError("PortInUse", `Port ${port} on ${host} is taken by another program`, {
      cause,
      hint: "Choose another port with --port, or 0 for any free one.",
    });
  }
  if (cause.code === "EADDRNOTAVAIL" || cause.code === "ENOTFOUND" || cause.code === "EACCES") {
    return new UserError("AddressNotAvailable", `Cannot listen on ${host}:${port} (${cause.code})`, {
      cause,
      hint: "Leave out --host to listen on 127.0.0.1, and use a port above 1023.",
    });
  }
  return cause;
}

function close(server: Server): Promise<void> {
  return new Promise((settle) => {
    server.close(() => settle());
    server.closeAllConnections();
  });
}
