import { setTimeout as delay } from "node:timers/promises";
import type { ContainerClient } from "@azure/storage-blob";
import { BlobServiceClient } from "@azure/storage-blob";
import { startUndoably } from "../../src/local/kit/undo.ts";
import { startLocalStack } from "../../src/local/stack/localStack.ts";
import type { LocalStack, StackService } from "../../src/local/stack/localStack.ts";
import type { StackConnection } from "../../src/local/stack/stackState.ts";
import type { Snapshot } from "../probes/probes.ts";
import { Probes, TRIAL_AGENT } from "../probes/probes.ts";
import { requestsBetween } from "../probes/requests.ts";
import { cpuTimesOf } from "./cpuTimes.ts";
import type { Costs, CpuSeconds } from "./figures.ts";
import type { Answered } from "./timeline.ts";

export const POOL_ID = "mp3drop";
/** As often as a service writes down by itself how many requests it has served. */
const LOOK_EVERY_MS = 500;

interface BenchStackOptions {
  readonly data: string;
  readonly probes: string;
  /** How many tasks run at a time. */
  readonly slots: number;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

interface Cost<Result> {
  readonly result: Result;
  readonly seconds: number;
  /** In all, not by file. */
  readonly costs: Costs;
}

/** The local stack as `mp3drop local` runs it, with a probe in each of its processes. */
export class BenchStack {
  readonly #pids = new Map<StackService, number>();
  readonly #probes: Probes;
  readonly #signal: AbortSignal;
  #stack: LocalStack | undefined;

  static async start({ data, probes, slots, env, signal }: BenchStackOptions): Promise<BenchStack> {
    const bench = new BenchStack(probes, signal);
    await startUndoably(async (undo) => {
      const stack = await startLocalStack({
        data,
        env: bench.#probes.environment(env),
        signal,
        ports: { blob: 0, queue: 0, table: 0, batch: 0, functions: 0 },
        hostSettings: { BATCH_TASK_SLOTS_PER_NODE: String(slots), BATCH_POOL_ID: POOL_ID },
        onStarted: (service, pid) => bench.#pids.set(service, pid),
      });
      undo.push(() => stack.stop());
      bench.#stack = stack;
      return {};
    });
    return bench;
  }

  private constructor(probes: string, signal: AbortSignal) {
    this.#probes = new Probes(probes);
    this.#signal = signal;
  }

  get connection(): StackConnection {
    return this.#running.connection;
  }

  /** For requests of the bench itself, which are not counted. */
  container(name: string): ContainerClient {
    const { connectionString } = this.connection.storage;
    const options = { userAgentOptions: { userAgentPrefix: TRIAL_AGENT } };
    return BlobServiceClient.fromConnectionString(connectionString, options).getContainerClient(name);
  }

  /** Does something and finds out what that has cost. What is used to look is not counted. */
  async measure<Result>(action: () => Promise<Result>): Promise<Cost<Result>> {
    const before = await this.#look();
    const cpuBefore = this.#cpuSeconds();
    const startedAt = performance.now();
    const result = await Promise.race([action(), this.#running.failed]);
    const seconds = (performance.now() - startedAt) / 1_000;
    const cpuAfter = this.#cpuSeconds();
    const after = await this.#look();
    return {
      result,
      seconds,
      costs: {
        cpuSeconds: cpuBefore && cpuAfter && difference(cpuBefore, cpuAfter),
        requests: {
          azurite: Object.fromEntries(requestsBetween(before.azurite.requests, after.azurite.requests)),
          batch: Object.fromEntries(requestsBetween(before.batch.requests, after.batch.requests)),
          functions: Object.fromEntries(requestsBetween(before.functions.requests, after.functions.requests)),
        },
      },
    };
  }

  /** The last requests that each service has answered. */
  async answered(): Promise<Answered> {
    const { azurite, batch, functions } = await this.#look();
    return { azurite: azurite.answered ?? [], batch: batch.answered ?? [], functions: functions.answered ?? [] };
  }

  /** Does something, and waits until storage has served a request of that kind. The waiting costs no request. */
  async untilStored<Result>(kind: RegExp, action: () => Promise<Result>): Promise<Result> {
    const count = ({ requests }: Snapshot): number =>
      Object.entries(requests).reduce((sum, [name, times]) => sum + (kind.test(name) ? times : 0), 0);
    const before = count((await this.#look()).azurite);
    const waiting = async (): Promise<Result> => {
      const result = await action();
      for (;;) {
        const latest = this.#probes.latest(this.#pid("azurite"));
        if (latest !== undefined && count(latest) > before) return result;
        await delay(LOOK_EVERY_MS, undefined, { signal: this.#signal });
      }
    };
    return Promise.race([waiting(), this.#running.failed]);
  }

  stop(): Promise<void> {
    return this.#running.stop();
  }

  get #running(): LocalStack {
    if (this.#stack === undefined) throw new Error("The stack has not been started");
    return this.#stack;
  }

  #pid(service: StackService): number {
    return this.#pids.get(service) ?? 0;
  }

  async #look(): Promise<Record<StackService, Snapshot>> {
    const take = (service: StackService): Promise<Snapshot> => this.#probes.take(this.#pid(service), this.#signal);
    const [azurite, batch, functions] = await Promise.all([take("azurite"), take("batch"), take("functions")]);
    return { azurite, batch, functions };
  }

  #cpuSeconds(): CpuSeconds | undefined {
    const pids = [this.#pid("azurite"), this.#pid("batch"), this.#pid("functions"), process.pid];
    const [azurite, batch, functions, bench] = pids.map(cpuTimesOf);
    if (!azurite || !batch || !functions || !bench) return undefined;
    return {
      // The emulator starts nothing but tasks; the bench starts nothing but clients and plain ffmpeg.
      task: batch.endedChildren,
      azurite: azurite.own,
      functions: functions.own,
      batch: batch.own,
      client: bench.endedChildren,
    };
  }
}

function difference(before: CpuSeconds, after: CpuSeconds): CpuSeconds {
  const entries = Object.entries(after) as [keyof CpuSeconds, number][];
  return Object.fromEntries(entries.map(([name, value]) => [name, value - before[name]])) as Record<
    keyof CpuSeconds,
    number
  >;
}
