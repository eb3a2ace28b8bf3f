import type { LocalStack, StackService } from "../../../src/local/stack/localStack.ts";
import { startLocalStack } from "../../../src/local/stack/localStack.ts";
import type { FaultPlanInput } from "../../../src/local/batchEmulator/index.ts";

interface ChaosStackOptions {
  readonly data: string;
  readonly env: NodeJS.ProcessEnv;
  readonly seed: number;
  /** Share of the Batch requests, transfers and nodes that each kind of fault strikes. */
  readonly rate: number;
  /** Whether the host polls for uploads instead of getting events. */
  readonly isPolling: boolean;
  readonly signal: AbortSignal;
}

/** How long a task runs before its node is taken away. */
const PREEMPT_AFTER_MS = 150;
const SWEEP_EVERY_10_SECONDS = "*/10 * * * * *";

/** The local stack with injected faults: its processes can be killed and paused, and it counts the faults. */
export class ChaosStack {
  readonly #pids = new Map<StackService, number>();
  readonly #faults = new Map<string, number>();
  #stack: LocalStack | undefined;

  static async start(options: ChaosStackOptions): Promise<ChaosStack> {
    const chaos = new ChaosStack();
    const { data, env, seed, rate, isPolling, signal } = options;
    chaos.#stack = await startLocalStack({
      data,
      env,
      signal,
      ports: { blob: 0, queue: 0, table: 0, batch: 0, functions: 0 },
      batchFaults: JSON.stringify(batchFaults(seed, rate)),
      hostSettings: {
        // Events come from the trial, which can lose them and deliver them twice.
        BLOB_TRIGGER_SOURCE: isPolling ? "LogsAndContainerScan" : "EventGrid",
        SWEEP_SCHEDULE: SWEEP_EVERY_10_SECONDS,
        // Only spot nodes are preempted.
        BATCH_DEDICATED_NODES: "0",
        BATCH_SPOT_NODES: "3",
        BATCH_TASK_SLOTS_PER_NODE: "1",
        FUNCTIONS_HOST_FAULTS: JSON.stringify({ executeActivitiesTwice: true, deliverTwice: true }),
      },
      onStarted: (service, pid) => chaos.#pids.set(service, pid),
      onLine: (_service, line) => chaos.#countFault(line),
    });
    return chaos;
  }

  get connection(): LocalStack["connection"] {
    return this.#running.connection;
  }

  /** Rejects when a service dies for good. */
  get failed(): Promise<never> {
    return this.#running.failed;
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

  async stop(): Promise<void> {
    for (const service of this.#pids.keys()) this.send("SIGCONT", service);
    await this.#running.stop();
  }

  get #running(): LocalStack {
    if (this.#stack === undefined) throw new Error("The stack has not been started");
    return this.#stack;
  }

  /** Read from the emulator's log: a count of its own would die with it. */
  #countFault(line: string): void {
    const fault = /Fault: ([^(]+) \(/.exec(line)?.[1];
    if (fault !== undefined) this.count(`Batch: ${fault}`);
  }
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
