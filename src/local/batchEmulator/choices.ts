import * as v from "valibot";

/** What the service does not document. Set each to what you find it to do. */
export const choices = v.strictObject({
  /** Of a task on Linux that was ended by its user or by its wall clock. */
  killedExitCode: v.pipe(v.number(), v.integer()),
  /** When an output file that is named without wildcards does not exist. */
  missingOutputFile: v.picklist(["fail", "ignore"]),
  /** When a range asks for the beginning of an empty file: an empty answer, or 416. */
  emptyFileRange: v.picklist(["answer", "refuse"]),
  /** What becomes of stdout.txt and stderr.txt when a task is retried. */
  outputOnRetry: v.picklist(["replace", "append"]),
  /** Of targets that a formula makes fractional. */
  targetRounding: v.picklist(["down", "nearest", "up"]),
  /** How long after a job was added or changed its next change is refused with 429, as the service does when it is busy. */
  jobChangePauseSeconds: v.pipe(v.number(), v.minValue(0)),
});
export type Choices = v.InferOutput<typeof choices>;

export const DEFAULT_CHOICES: Choices = {
  // What a shell reports for a process that died of SIGKILL.
  killedExitCode: 137,
  missingOutputFile: "fail",
  emptyFileRange: "answer",
  outputOnRetry: "replace",
  targetRounding: "down",
  jobChangePauseSeconds: 0,
};
