import { azuriteConnectionString } from "../../../src/local/azurite/azurite.ts";
import { seededRandom } from "../../../src/local/batchEmulator/random.ts";
import { findFreePort } from "../../../src/local/kit/listen.ts";
import { startUndoably } from "../../../src/local/kit/undo.ts";
import type { LocalStack, StackService } from "../../../src/local/stack/localStack.ts";
import { startLocalStack } from "../../../src/local/stack/localStack.ts";
import type { FaultPlanInput } from "../../../src/local/batchEmulator/index.ts";
import type { Pace, PlannedSilence } from "./plan.ts";
import { StorageProxy } from "./storageProxy.ts";

interface ChaosStackOptions {
  readonly data: string;
  readonly env: NodeJS.ProcessEnv;
  readonly seed: number;
  /** Share of the requests, transfers and nodes that each kind of fault strikes. */
  readonly rate: number;
  /** Whether the host polls for uploads instead of getting events. */
  readonly isPolling: boolean;
  readonly pace: Pace;
  readonly silence: PlannedSilence;
  readonly signal: AbortSignal;
}

interface ProxiedStack extends LocalStack {
  readonly proxy: StorageProxy;
  readonly proxied: string;
}

/** How long a task runs before its node is taken away. */
const PREEMPT_AFTER_MS = 150;
/** Far below the pauses that the proxy makes, far above what an activity takes without them. */
const REDELIVER_AFTER_MS = 750;
const SWEEP_EVERY_10_SECONDS = "*/10 * * * * *";

/**
 * The local stack with injected faults: its processes can be killed and paused, the app reaches its storage through a
 * proxy that can hold requests, and all faults are counted.
 */
export class ChaosStack {
  readonly #pids = new Map<StackService, number>();
  readonly #faults = new Map<string, number>();
  #afterUpload: (() => void) | undefined;
  #running: ProxiedStack | undefined;

  static async start(options: ChaosStackOptions): Promise<ChaosStack> {
    const chaos = new ChaosStack();
    chaos.#running = await startUndoably(async (undo) => {
      const ports = { blob: await freePort(), queue: await freePort(), table: await freePort() };
      const { seed, rate, pace } = options;
      const proxy = await StorageProxy.start(ports.blob, {
        random: seededRandom(seed + 1),
        rate,
        holdMs: pace.holdMs,
        count: (fault) => chaos.count(fault),
      });
      undo.push(() => proxy.stop());
      const storage = azuriteConnectionString({ ...ports, blob: proxy.port });
      const stack = await startLocalStack({
        data: options.data,
        env: options.env,
        signal: options.signal,
        ports: { ...ports, batch: 0, functions: 0 },
        batchFaults: JSON.stringify(batchFaults(seed, rate)),
        hostSettings: { ...hostSettings(options), STORAGE: storage, AzureWebJobsStorage: storage },
        onStarted: (service, pid) => chaos.#pids.set(service, pid),
        onLine: (_service, line) => chaos.#countFault(line),
      });
      undo.push(() => stack.stop());
      return { ...stack, proxy, proxied: storage };
    });
    return chaos;
  }

  /** How the trial itself reaches the services: past the proxy. */
  get connection(): LocalStack["connection"] {
    return this.#stack.connection;
  }

  /** The connection string of the storage behind the proxy. */
  get proxied(): string {
    return this.#stack.proxied;
  }

  get proxy(): StorageProxy {
    return this.#stack.proxy;
  }

  /** Rejects when a service dies for good. */
  get failed(): Promise<never> {
    return this.#stack.failed;
  }

  /** How often each injected fault has struck. */
  get faults(): ReadonlyMap<string, number> {
    return this.#faults;
  }

  /** Does nothing if the service has no process at the moment, because it is being restarted. */
  send(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT", service: StackService): void {
    const pid = this.#pids.get(service);
    try {
      if (pid !== undefined) process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  count(fault: string): void {
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
  }

  /** Calls once, as soon as the storage has acknowledged an upload of the trial. */
  afterNextUpload(action: () => void): void {
    this.#afterUpload = action;
  }

  uploaded(): void {
    this.#afterUpload?.();
    this.#afterUpload = undefined;
  }

  async stop(): Promise<void> {
    for (const service of this.#pids.keys()) this.send("SIGCONT", service);
    await this.#stack.stop();
  }

  get #stack(): ProxiedStack {
    if (this.#running === undefined) throw new Error("The stack has not been started");
    return this.#running;
  }

  /** Read from the log of the service: a count of its own would die with it. */
  #countFault(line: string): void {
    const fault = /Fault: ([^(]+) \(/.exec(line)?.[1];
    if (fault !== undefined) this.count(fault);
  }
}

function freePort(): Promise<number> {
  return findFreePort({ port: 0 });
}

function hostSettings({ isPolling, silence }: ChaosStackOptions): Record<string, string> {
  return {
    // Events come from the trial, which can lose them and deliver them twice.
    BLOB_TRIGGER_SOURCE: isPolling ? "LogsAndContainerScan" : "EventGrid",
    SWEEP_SCHEDULE: SWEEP_EVERY_10_SECONDS,
    // Only spot nodes are preempted.
    BATCH_DEDICATED_NODES: "0",
    BATCH_SPOT_NODES: "3",
    BATCH_TASK_SLOTS_PER_NODE: "1",
    FUNCTIONS_HOST_FAULTS: JSON.stringify({
      executeActivitiesTwice: true,
      redeliverActivitiesAfterMs: REDELIVER_AFTER_MS,
      deliverTwice: true,
      unreachableStatus: silence,
    }),
  };
}

function batchFaults(seed: number, rate: number): FaultPlanInput & { seed: number } {
  return {
    seed,
    requests: [
      { rate, status: 429, retryAfterSeconds: 1 },
      { rate, status: 503 },
      { rate, drop: true },
    ],
    nodes: [{ rate, what: "preempt", afterMs: PREEMPT_AFTER_MS }],
    downloads: [{ rate }],
    uploads: [{ rate }],
  };
}
