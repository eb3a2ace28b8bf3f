import type { ContainerClient } from "@azure/storage-blob";
import { BlobServiceClient } from "@azure/storage-blob";
import { startUndoably } from "../../../src/local/kit/undo.ts";
import { startLocalStack } from "../../../src/local/stack/localStack.ts";
import type { LocalStack, StackService } from "../../../src/local/stack/localStack.ts";
import type { StackConnection } from "../../../src/local/stack/stackState.ts";
import { Probes, TRIAL_AGENT } from "../../probes/probes.ts";
import type { Snapshot } from "../../probes/probes.ts";

interface ScaleStackOptions {
  readonly data: string;
  readonly probes: string;
  readonly playTasks: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

export type Snapshots = Readonly<Record<StackService, Snapshot>>;

/** So that the queue of tasks is no bottleneck: played tasks take no time. */
const SLOTS_PER_NODE = 8;

/** The local stack, whose tasks are played, with a probe in each of its processes. */
export class ScaleStack {
  /** Names of services that have died and were started again. */
  readonly restarted: StackService[] = [];
  readonly #pids = new Map<StackService, number>();
  readonly #probes: Probes;
  #stack: LocalStack | undefined;

  static async start(options: ScaleStackOptions): Promise<ScaleStack> {
    const scale = new ScaleStack(options.probes);
    await startUndoably(async (undo) => {
      const stack = await startLocalStack({
        data: options.data,
        env: scale.#probes.environment(options.env),
        signal: options.signal,
        ports: { blob: 0, queue: 0, table: 0, batch: 0, functions: 0 },
        playTasks: options.playTasks,
        hostSettings: { BATCH_TASK_SLOTS_PER_NODE: String(SLOTS_PER_NODE) },
        onStarted: (service, pid) => scale.#noteStart(service, pid),
      });
      undo.push(() => stack.stop());
      scale.#stack = stack;
      return {};
    });
    return scale;
  }

  private constructor(probes: string) {
    this.#probes = new Probes(probes);
  }

  get connection(): StackConnection {
    return this.#running.connection;
  }

  /** Rejects when a service dies for good. */
  get failed(): Promise<never> {
    return this.#running.failed;
  }

  /** For the trial's own requests, which are told from those of the app. */
  container(name: string): ContainerClient {
    const { connectionString } = this.connection.storage;
    const options = { userAgentOptions: { userAgentPrefix: TRIAL_AGENT } };
    return BlobServiceClient.fromConnectionString(connectionString, options).getContainerClient(name);
  }

  async takeSnapshots(signal: AbortSignal): Promise<Snapshots> {
    const take = (service: StackService): Promise<Snapshot> => this.#probes.take(this.#pids.get(service) ?? 0, signal);
    const [azurite, batch, functions] = await Promise.all([take("azurite"), take("batch"), take("functions")]);
    return { azurite, batch, functions };
  }

  /** How many records the app has written so far, as the storage counts them: costs no request. */
  get recordsWritten(): number {
    const requests = this.#probes.latest(this.#pids.get("azurite") ?? 0)?.requests ?? {};
    const ofRecords = Object.entries(requests).filter(([kind]) => kind.endsWith(" host PUT output *.mp3.json"));
    return ofRecords.reduce((sum, [, count]) => sum + count, 0);
  }

  stop(): Promise<void> {
    return this.#running.stop();
  }

  get #running(): LocalStack {
    if (this.#stack === undefined) throw new Error("The stack has not been started");
    return this.#stack;
  }

  #noteStart(service: StackService, pid: number): void {
    if (this.#pids.has(service)) this.restarted.push(service);
    this.#pids.set(service, pid);
  }
}
