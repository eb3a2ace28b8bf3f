import { join, resolve } from "node:path";
import { startUndoably } from "../kit/undo.ts";
import type { UndoStep } from "../kit/undo.ts";
import type { UserError } from "../kit/userError.ts";
import { DEFAULT_CHOICES } from "./choices.ts";
import type { Choices } from "./choices.ts";
import { systemClock } from "../kit/clock.ts";
import type { Clock } from "../kit/clock.ts";
import { DEVELOPMENT_ACCOUNT_KEY, DEVELOPMENT_ACCOUNT_NAME } from "./developmentAccount.ts";
import { startEngine } from "./engine/eventEffects.ts";
import { loseNode } from "./engine/node/nodeLoss.ts";
import { resume } from "./engine/resume.ts";
import { parseFaultPlan } from "./faults/faultPlan.ts";
import type { FaultPlanInput } from "./faults/faultPlan.ts";
import { Faults } from "./faults/faults.ts";
import { lockFolder } from "../kit/folderLock.ts";
import { isLoopback, LOOPBACK } from "../kit/loopback.ts";
import { openServer } from "../kit/server.ts";
import { createListener } from "./http/listener.ts";
import { KEEP_ALIVE_MS, REQUEST_TIMEOUT_MS } from "./limits.ts";
import { Store } from "./model/store.ts";
import { systemRandom } from "./random.ts";
import type { Random } from "./random.ts";
import { NodeIdentities } from "./runner/nodeIdentities.ts";
import { ProcessRunner } from "./runner/processRunner.ts";
import type { Runner } from "./runner/taskRunner.ts";
import { virtualRunner } from "./runner/virtualRunner.ts";
import type { VirtualTasks } from "./runner/virtualRunner.ts";
import { SHORT_TIMINGS } from "./timings.ts";
import type { Timings } from "./timings.ts";

export { parseConfiguration } from "./configuration.ts";
export type { EmulatorConfiguration } from "./configuration.ts";
export { systemClock } from "../kit/clock.ts";
export { VirtualClock } from "../kit/virtualClock.ts";
export { DEVELOPMENT_ACCOUNT_KEY, DEVELOPMENT_ACCOUNT_NAME } from "./developmentAccount.ts";
export type { FaultPlanInput } from "./faults/faultPlan.ts";
export { seededRandom } from "./random.ts";

export interface BatchEmulatorOptions {
  /** Holds the state, in its subfolder `batch`. */
  readonly dataFolder: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** The emulator runs any command for anyone with the key: on another address than loopback, give it one of its own. */
  readonly host?: string;
  readonly accountName?: string;
  readonly accountKey?: string;
  /** Primary and secondary key; takes precedence over `accountKey`. */
  readonly accountKeys?: readonly [primary: string, secondary?: string];
  /**
   * Takes any bearer token for Batch that has not expired, whoever signed it: then no key is needed to run commands.
   * Left out, that is so only where the key is the public one and the address is the loopback address.
   */
  readonly acceptUnverifiedTokens?: boolean;
  /** A client that takes longer to send a request is cut off. One minute if left out. */
  readonly requestTimeoutMs?: number;
  /** Nodes in all pools together. */
  readonly maxNodes?: number;
  /** Searched for programs before the PATH of this process. */
  readonly nodeBinFolders?: readonly string[];
  /** Ids of the user-assigned managed identities that every pool has, as if it had been made through Azure Resource Manager. */
  readonly poolIdentities?: readonly string[];
  /**
   * Connection string with the key of the storage account in which those identities may read and write all blobs; a secret.
   * Without it storage denies them everything.
   */
  readonly identityStorage?: string;
  readonly timings?: Partial<Timings>;
  /** What the service does not document. */
  readonly choices?: Partial<Choices>;
  /** Until then it keeps its address, and neither answers nor runs anything: what its tasks need may still be starting. */
  readonly holdUntil?: Promise<unknown>;
  readonly clock?: Clock;
  readonly random?: Random;
  /** What is to go wrong on purpose. */
  readonly faults?: FaultPlanInput;
  /** Makes tasks take time on the clock instead of running anything. */
  readonly virtualTasks?: VirtualTasks;
  /**
   * A folder as a task leaves it (`stdout.txt`, `stderr.txt`, `wd/`). No command runs: every task takes no time, leaves these
   * files and exits with 0. Its downloads and uploads are real.
   */
  readonly playedTasksFolder?: string;
  readonly log?: (line: string) => void;
  /** Called once, when the state can no longer be saved, as on a full disk. Every request fails from here on. */
  readonly onFailure?: (failure: UserError) => void;
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
  /** Ends all tasks and their processes; the state stays, and the next start takes it up. */
  stop(): Promise<void>;
}

const DEFAULT_MAX_NODES = 20;

/** Starts a Batch account on this machine. Resolves once it answers requests, or would but for `holdUntil`. */
export async function startBatchEmulator(options: BatchEmulatorOptions): Promise<BatchEmulator> {
  const folder = resolve(options.dataFolder, "batch");
  return startUndoably((undo) => start(options, folder, undo));
}

/** Whatever is opened pushes its closing to `undo`. */
async function start(
  options: BatchEmulatorOptions,
  folder: string,
  undo: UndoStep[],
): Promise<Omit<BatchEmulator, "stop">> {
  undo.push(lockFolder(join(folder, "lock"), "Batch emulator"));
  const accountName = options.accountName ?? DEVELOPMENT_ACCOUNT_NAME;
  const keys = (options.accountKeys ?? [options.accountKey ?? DEVELOPMENT_ACCOUNT_KEY]).filter(isGiven);
  const { clock = systemClock(), random = systemRandom, log = () => {}, poolIdentities = [] } = options;
  const identities = await NodeIdentities.create(poolIdentities, options.identityStorage);
  const { onFailure = (failure: UserError) => log(failure.message) } = options;
  const faults = new Faults(parseFaultPlan(options.faults ?? {}), random, clock, log);
  const store = new Store(join(folder, "journal.jsonl"), { onFailure });
  undo.push(() => store.close());

  const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const server = await openServer({
    port: options.port ?? 0,
    server: {
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: requestTimeoutMs / 2,
    },
    ...(options.host !== undefined && { host: options.host }),
  });
  const runner = createRunner(options, folder, identities, clock, random);
  const engine = startEngine({
    store,
    clock,
    random,
    timings: { ...SHORT_TIMINGS, ...options.timings },
    choices: { ...DEFAULT_CHOICES, ...options.choices },
    runner,
    faults,
    account: { name: accountName, url: `${server.url}/` },
    maxNodes: options.maxNodes ?? DEFAULT_MAX_NODES,
    poolIdentities,
    nodesFolder: nodesFolderIn(folder),
    log,
  });
  undo.push(
    () => runner.killAllIn(engine.nodesFolder),
    () => server.close(),
    () => engine.stop(),
  );
  const isOpenToAll = keys.includes(DEVELOPMENT_ACCOUNT_KEY) && isLoopback(options.host ?? LOOPBACK);
  const account = {
    name: accountName,
    keys,
    acceptsUnverifiedTokens: options.acceptUnverifiedTokens ?? isOpenToAll,
  };
  const begin = async (): Promise<void> => {
    if (engine.isStopped) return;
    await resume(engine);
    server.serve(createListener({ engine, account, wallClock: Date.now }));
  };
  if (options.holdUntil === undefined) await begin();
  else engine.inBackground(options.holdUntil.then(begin));
  return {
    endpoint: server.url,
    accountName,
    accountKey: keys[0] ?? "",
    faults,
    loseNode(poolId, nodeId, what) {
      loseNode(engine, store.requireNode(store.requirePool(poolId), nodeId), what);
    },
  };
}

function nodesFolderIn(folder: string): string {
  return join(folder, "nodes");
}

function createRunner(
  options: BatchEmulatorOptions,
  folder: string,
  identities: NodeIdentities,
  clock: Clock,
  random: Random,
): Runner {
  if (options.virtualTasks !== undefined) return virtualRunner(clock, random, options.virtualTasks);
  return new ProcessRunner({
    nodesFolder: nodesFolderIn(folder),
    registerFolder: join(folder, "processes"),
    trashFolder: join(folder, "trash"),
    binFolders: (options.nodeBinFolders ?? []).map((binFolder) => resolve(binFolder)),
    path: process.env["PATH"] ?? "",
    missingOutputFile: options.choices?.missingOutputFile ?? DEFAULT_CHOICES.missingOutputFile,
    identities,
    clock,
    playedFolder: options.playedTasksFolder,
  });
}

function isGiven(key: string | undefined): key is string {
  return key !== undefined;
}
