import * as v from "valibot";
import { text, time } from "../entryParts.ts";
import type { AppSettings } from "../settingReferences.ts";
import { resolveSettings } from "../settingReferences.ts";
import type { Clock } from "../../kit/clock.ts";
import { errorText } from "../../kit/errorText.ts";
import { UserError } from "../../kit/userError.ts";
import type { Logger } from "../log.ts";
import type { RegisteredFunction } from "../worker/coreModule.ts";
import type { RpcTypedData } from "../worker/rpc.ts";
import type { Worker } from "../worker/worker.ts";
import { parseSchedule } from "./schedule.ts";
import type { Schedule } from "./schedule.ts";

interface ScheduleStatus {
  readonly last: string;
  readonly next: string;
  readonly lastUpdated: string;
}

interface ScheduleEntry {
  readonly fn: string;
  readonly status: ScheduleStatus;
}

const scheduleEntry = v.object({ fn: text, status: v.object({ last: time, next: time, lastUpdated: time }) });

/** When each timer function last ran and when it is due, so that a restart notices a missed run. */
export class ScheduleStatuses {
  readonly #statuses = new Map<string, ScheduleStatus>();

  check(entry: unknown): void {
    v.parse(scheduleEntry, entry);
  }

  apply({ fn, status }: ScheduleEntry): void {
    this.#statuses.set(fn, status);
  }

  *snapshot(): Iterable<ScheduleEntry> {
    for (const [fn, status] of this.#statuses) yield { fn, status };
  }

  find(fn: string): ScheduleStatus | undefined {
    return this.#statuses.get(fn);
  }
}

interface TimerTriggerOptions {
  readonly fn: RegisteredFunction;
  readonly worker: Pick<Worker, "invoke">;
  readonly settings: AppSettings;
  readonly statuses: ScheduleStatuses;
  readonly persist: (entry: ScheduleEntry) => void;
  readonly extraInputs: () => Readonly<Record<string, RpcTypedData>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** As on the real host, schedules with shorter intervals are not watched for missed runs. */
const MIN_MONITORED_MS = 60_000;
/** As .NET writes a time that was never set. */
const NEVER = "0001-01-01T00:00:00+00:00";

/** Runs one function on its schedule, never twice at once. */
export class TimerTrigger {
  readonly fn: RegisteredFunction;
  readonly #options: TimerTriggerOptions;
  readonly #schedule: Schedule;
  readonly #isMonitored: boolean;
  readonly #runOnStartup: boolean;
  #cancel: () => void = () => undefined;
  #isStopped = false;

  constructor(options: TimerTriggerOptions) {
    const { fn, settings, clock } = options;
    const {
      schedule = "",
      useMonitor = true,
      runOnStartup = false,
    } = fn.trigger as {
      schedule?: string;
      useMonitor?: boolean;
      runOnStartup?: boolean;
    };
    this.fn = fn;
    this.#options = options;
    this.#schedule = parseSchedule(resolveSettings(schedule, settings, `Function ${fn.name}`), fn.name);
    const first = this.#schedule.nextAfter(clock.now()) ?? Number.MAX_SAFE_INTEGER;
    const second = this.#schedule.nextAfter(first) ?? Number.MAX_SAFE_INTEGER;
    this.#isMonitored = useMonitor && second - first >= MIN_MONITORED_MS;
    this.#runOnStartup = runOnStartup;
  }

  start(): void {
    const { fn, clock, statuses } = this.#options;
    const status = statuses.find(fn.name);
    const isPastDue = this.#isMonitored && status !== undefined && Date.parse(status.next) <= clock.now();
    if (isPastDue || this.#runOnStartup) void this.#run(isPastDue);
    else this.#arm(status);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #arm(status: ScheduleStatus | undefined): void {
    const { clock } = this.#options;
    const next = this.#schedule.nextAfter(clock.now());
    if (next === undefined || this.#isStopped) return;
    if (this.#isMonitored) this.#keep(status?.last ?? NEVER, next);
    this.#cancel = clock.at(next, () => void this.#run(false));
  }

  /** By hand: changes nothing about the schedule. Rejects as the function does. */
  async run(): Promise<void> {
    await this.#invoke(false);
  }

  async #run(isPastDue: boolean): Promise<void> {
    const { fn, clock, log } = this.#options;
    const startedAt = new Date(clock.now()).toISOString();
    try {
      await this.#invoke(isPastDue);
    } catch (error) {
      log.write("error", `Function.${fn.name}`, errorText(error));
    }
    if (this.#isStopped) return;
    try {
      this.#arm({ last: startedAt, next: startedAt, lastUpdated: startedAt });
    } catch (error) {
      // That the state cannot be saved is told by the journal, to whoever runs the host.
      if (!(error instanceof UserError)) throw error;
    }
  }

  async #invoke(isPastDue: boolean): Promise<void> {
    const { fn, worker, clock, statuses, extraInputs } = this.#options;
    const startedAt = new Date(clock.now()).toISOString();
    const known = statuses.find(fn.name);
    const data = {
      Schedule: { AdjustForDST: true },
      ScheduleStatus: this.#isMonitored
        ? { Last: known?.last ?? NEVER, Next: known?.next ?? startedAt, LastUpdated: known?.lastUpdated ?? NEVER }
        : null,
      IsPastDue: isPastDue,
    };
    await worker.invoke({ fn, input: { json: JSON.stringify(data) }, extraInputs: extraInputs() });
  }

  #keep(last: string, next: number): void {
    const { fn, clock, statuses, persist } = this.#options;
    const status = { last, next: new Date(next).toISOString(), lastUpdated: new Date(clock.now()).toISOString() };
    persist({ fn: fn.name, status });
    statuses.apply({ fn: fn.name, status });
  }
}
