import type { Clock } from "../../kit/clock.ts";
import type { FailureInfo, ResizeError } from "../model/records.ts";
import type { Random } from "../random.ts";
import { ServiceError } from "../serviceError.ts";
import type { ServiceErrorCode } from "../serviceError.ts";
import { parseFaultPlan } from "./faultPlan.ts";
import type { FaultPlan, FaultPlanInput, RequestFault } from "./faultPlan.ts";

interface Chance {
  readonly rate: number;
  readonly times?: number | undefined;
}

const ERROR_BY_STATUS = { 429: "TooManyRequests", 500: "InternalError", 503: "ServerBusy" } as const satisfies Record<
  NonNullable<RequestFault["status"]>,
  ServiceErrorCode
>;

/** How a request fails on purpose. */
export type RequestFailure = { readonly kind: "dropped" } | { readonly kind: "refused"; readonly error: ServiceError };

/** Makes things go wrong on purpose: at a rate, for an operation, a number of times. */
export class Faults {
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #log: (line: string) => void;
  #plan: FaultPlan;
  /** How often each fault has struck so far. */
  #struck = new Map<Chance, number>();

  /** `log` gets a line for each fault that strikes. */
  constructor(plan: FaultPlan, random: Random, clock: Clock, log: (line: string) => void) {
    this.#plan = plan;
    this.#random = random;
    this.#clock = clock;
    this.#log = log;
  }

  /** Replaces the plan; an empty one ends all faults. Counts start again. */
  set(plan: FaultPlanInput): void {
    this.#plan = parseFaultPlan(plan);
    this.#struck = new Map();
  }

  /** Resolves, after any delay, with how the request fails; undefined lets it go on. */
  async onRequest(operation: string | undefined): Promise<RequestFailure | undefined> {
    for (const fault of this.#plan.requests) {
      if (fault.operation !== undefined && fault.operation !== operation) continue;
      if (!this.#strikes(fault)) continue;
      if (fault.delayMs !== undefined) await this.#wait(fault.delayMs);
      if (fault.drop === true) {
        this.#log(`Fault: request dropped (${operation ?? "unknown"})`);
        return { kind: "dropped" };
      }
      if (fault.status === undefined) continue;
      this.#log(`Fault: request answered ${fault.status} (${operation ?? "unknown"})`);
      const { retryAfterSeconds } = fault;
      return { kind: "refused", error: new ServiceError(ERROR_BY_STATUS[fault.status], { retryAfterSeconds }) };
    }
    return undefined;
  }

  /** An error instead of new nodes. */
  onResize(poolId: string, side: "dedicated" | "lowPriority"): ResizeError | undefined {
    const fault = this.#find(this.#plan.resizes, ({ pool }) => isSame(pool, poolId));
    if (fault === undefined) return undefined;
    this.#log(`Fault: resize failed (${poolId})`);
    const quota = side === "dedicated" ? "AccountCoreQuotaReached" : "AccountLowPriorityCoreQuotaReached";
    return { code: fault.code ?? quota, message: fault.message };
  }

  /** An exit code instead of the start task's own. */
  onStartTask(poolId: string): number | undefined {
    const fault = this.#find(this.#plan.startTasks, ({ pool }) => isSame(pool, poolId));
    if (fault !== undefined) this.#log(`Fault: start task failed (${poolId})`);
    return fault?.exitCode;
  }

  /** Set when the node is to be lost this long after a task began on it. */
  onTaskStart(poolId: string, isDedicated: boolean) {
    // Dedicated nodes are never preempted.
    const fault = this.#find(
      this.#plan.nodes,
      ({ pool, what }) => isSame(pool, poolId) && !(what === "preempt" && isDedicated),
    );
    const became = fault?.what === "preempt" ? "preempted" : "unusable";
    if (fault !== undefined) this.#log(`Fault: node ${became} (${poolId})`);
    return fault;
  }

  onDownload(jobId: string): FailureInfo | undefined {
    const fault = this.#find(this.#plan.downloads, ({ job }) => isSame(job, jobId));
    if (fault !== undefined) this.#log(`Fault: download failed (${jobId})`);
    return fault && failureOf(fault.code ?? "BlobDownloadMiscError", "A download failed on purpose.");
  }

  onUpload(jobId: string): FailureInfo | undefined {
    const fault = this.#find(this.#plan.uploads, ({ job }) => isSame(job, jobId));
    if (fault !== undefined) this.#log(`Fault: upload failed (${jobId})`);
    return fault && failureOf(fault.code ?? "FileUploadMiscError", "An upload failed on purpose.");
  }

  #find<Fault extends Chance>(faults: readonly Fault[], matches: (fault: Fault) => boolean): Fault | undefined {
    return faults.find((fault) => matches(fault) && this.#strikes(fault));
  }

  #strikes(fault: Chance): boolean {
    const count = this.#struck.get(fault) ?? 0;
    if (fault.times !== undefined && count >= fault.times) return false;
    if (fault.rate < 1 && this.#random.number() >= fault.rate) return false;
    this.#struck.set(fault, count + 1);
    return true;
  }

  #wait(delayMs: number | readonly [number, number]): Promise<void> {
    const [least, most] = typeof delayMs === "number" ? [delayMs, delayMs] : delayMs;
    return new Promise((settle) => {
      this.#clock.after(least + (most - least) * this.#random.number(), settle);
    });
  }
}

function isSame(wanted: string | undefined, id: string): boolean {
  return wanted === undefined || wanted.toLowerCase() === id.toLowerCase();
}

function failureOf(code: string, message: string): FailureInfo {
  const isServerError = /Misc|TimedOut|DiskFull|WriteFailed/.test(code);
  return { category: isServerError ? "ServerError" : "UserError", code, message };
}
