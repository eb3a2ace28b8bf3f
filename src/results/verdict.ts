import type { CompletedTask } from "../model/batchTask.ts";
import type { Failure, FailureCode } from "../model/failures.ts";
import { codeOfBatchFailure, failureOf } from "../model/failures.ts";
import { parseTime, secondsBetween } from "../model/time.ts";
import type { Review, TaskReport, Workload } from "../workloads/workload.ts";

/** Whether a completed task has made the result it should, and if not, why not. */
export type Verdict =
  | { readonly isGood: true; readonly sizeBytes: number; readonly review: Review }
  | { readonly isGood: false; readonly failure: Failure };

/** What there is to tell by. */
export interface Evidence {
  readonly task: CompletedTask;
  /** How long the task may run. */
  readonly limitSeconds: number;
  readonly report: TaskReport | undefined;
  /** Size of the result that arrived in the staging container. */
  readonly stagedBytes: number | undefined;
}

/**
 * Judges by all the evidence, because no part of it is enough: a result may be there although its upload broke off, and
 * an exit status of 0 does not mean that the result is right.
 */
export function judge(workload: Workload, evidence: Evidence): Verdict {
  const { report } = evidence;
  if (report === undefined && wasScriptOver(evidence.task)) return judgeWithoutReport(workload, evidence.task);
  if (report === undefined || report.outcome === "Interrupted") return judgeByBatch(evidence);
  if (report.outcome === "Converted") return judgeResult(workload, report, evidence);
  return { isGood: false, failure: namedFailure(workload, report.outcome) };
}

/** Batch reports an exit code other than 0 as a failure of the user; the other failures it ends or never starts. */
function wasScriptOver({ exitCode, failure }: CompletedTask): boolean {
  return exitCode !== null && (failure === null || failure.code === "FailureExitCode");
}

/** Its traps write one however the script ends, so it was killed, or it is not what the workload promises. */
function judgeWithoutReport({ name }: Workload, { exitCode }: CompletedTask): Verdict {
  return bad("ScriptFailed", `The script of ${name} ended with exit code ${exitCode} and left no readable report`);
}

/** Start and end of a task are rounded, and the limit is not checked at every moment. */
const LIMIT_SLACK_SECONDS = 5;

/** Batch says `TaskEnded` at the time limit, but also when somebody terminated the task or its job. */
function judgeByBatch({ task, limitSeconds }: Evidence): Verdict {
  const { startedAt, endedAt, failure } = task;
  const ranSeconds = startedAt && endedAt ? secondsBetween(parseTime(startedAt), parseTime(endedAt)) : 0;
  if (failure?.code === "TaskEnded" && ranSeconds >= limitSeconds - LIMIT_SLACK_SECONDS) {
    return bad("ConversionTimedOut", `The conversion took longer than ${limitSeconds / 60} minutes`);
  }
  return bad(codeOfBatchFailure(failure?.code ?? ""), `The Batch task failed (${reasonOf(task)})`);
}

function judgeResult(workload: Workload, report: TaskReport, { task, stagedBytes }: Evidence): Verdict {
  if (!task.succeeded) {
    const code = codeOfBatchFailure(task.failure?.code ?? "");
    return bad(code, `The result was made, but the Batch task failed (${reasonOf(task)})`);
  }
  if (stagedBytes === undefined) {
    return bad("UploadFailed", "The result was made, but did not arrive in the staging container");
  }
  if (report.resultBytes === null) {
    return bad("ScriptFailed", `The script of ${workload.name} reported a result, but not its size`);
  }
  if (stagedBytes === 0 || stagedBytes !== report.resultBytes) {
    const made = report.resultBytes;
    return bad("UploadFailed", `The result had ${made} bytes on the node and ${stagedBytes} in the staging container`);
  }
  const review = workload.review(report);
  if (review.problem === undefined) return { isGood: true, sizeBytes: stagedBytes, review };
  return { isGood: false, failure: namedFailure(workload, review.problem.code, review.problem.message) };
}

/** What a script may say of the node it runs on. It cannot know any other of our own failures, and most are final. */
const NODE_FAILURES: readonly FailureCode[] = ["DiskFull", "NodeUnfit"];

/** The failure that a script or a review names. An unknown name is a mistake in the workload. */
function namedFailure({ name, failures }: Workload, code: string, message?: string): Failure {
  const words = Object.hasOwn(failures, code) ? failures[code] : undefined;
  if (words !== undefined) return { code, message: message ?? words.message, hint: words.hint };
  const ofNode = NODE_FAILURES.find((known) => known === code);
  if (ofNode !== undefined) return failureOf(ofNode, message);
  return failureOf("InternalError", `Workload ${name} reported "${code}", which is none of its failures`);
}

function reasonOf({ failure, exitCode }: CompletedTask): string {
  return failure ? `${failure.code}: ${failure.message}` : `exit code ${exitCode ?? "unknown"}`;
}

function bad(code: FailureCode, message: string): Verdict {
  return { isGood: false, failure: failureOf(code, message) };
}
