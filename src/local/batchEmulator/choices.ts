/** What the service does not document. Each can be set to what you find it to do. */
export interface Choices {
  /** Of a task on Linux that was ended by its user or by its wall clock. */
  readonly killedExitCode: number;
  /** When an output file that is named without wildcards does not exist. */
  readonly missingOutputFile: "fail" | "ignore";
  /** When the beginning of an empty file is asked for by a range: an empty answer, or 416. */
  readonly emptyFileRange: "answer" | "refuse";
  /** What becomes of stdout.txt and stderr.txt when a task is retried. */
  readonly outputOnRetry: "replace" | "append";
  /** Of targets that a formula makes fractional. */
  readonly targetRounding: "down" | "nearest" | "up";
}

export const DEFAULT_CHOICES: Choices = {
  // What a shell reports for a process that died of SIGKILL.
  killedExitCode: 137,
  missingOutputFile: "fail",
  emptyFileRange: "answer",
  outputOnRetry: "replace",
  targetRounding: "down",
};
