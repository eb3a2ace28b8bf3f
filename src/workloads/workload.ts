import type { Facts } from "../model/conversion.ts";
import type { FailureWords } from "../model/failures.ts";
import type { SettingsReader } from "../model/settings.ts";

/**
 * One kind of work: what becomes of a blob in the input container. A Batch task runs the workload's script on the blob;
 * everything around it (starting once, retries, deadlines, staging, the record) is the same for all of them.
 * docs/workloads.md shows how to add one.
 */
export interface Workload {
  /** As the setting WORKLOADS names it. Part of the id of every conversion, so it must never change. */
  readonly name: string;
  /** For messages: "MP4 videos". */
  readonly takes: string;
  /** A blob is taken when its name ends in one of these, in any case: ".mp4". */
  readonly suffixes: readonly string[];
  /**
   * What the result of a blob is called in the output container. Different blobs, and different workloads, must have
   * different results: `a.mp4` and `a.MP4` are two blobs.
   */
  resultNameFor(blobName: string): string;
  /** Media type of the result. */
  readonly resultType: string;
  /** The script that the task runs; `TaskReport` says what it owes. */
  readonly script: URL;
  /** What the script needs on a node besides bash and the POSIX tools; undefined for nothing. */
  readonly nodeNeeds: NodeNeeds | undefined;
  /** Reads the workload's own settings, and returns the environment of its script. */
  environment(settings: SettingsReader): Readonly<Record<string, string>>;
  /** The outcomes of the script that are failures of the blob. They are final: another attempt would end the same. */
  readonly failures: Readonly<Record<string, FailureWords>>;
  /** Reads what its script says in the report. */
  review(report: TaskReport): Review;
}

/** Used by the start task of a pool that the app creates. */
export interface NodeNeeds {
  /** A shell command, without single quotes, that succeeds where the node has everything. */
  readonly check: string;
  /** What `apt-get install` takes where it fails. */
  readonly packages: readonly string[];
}

/**
 * report.json, which the script leaves however it ends. Beside the members here it may hold any others, for the
 * workload's own `review`.
 *
 * The script runs as `/bin/bash task.sh` in the task's working directory, where the blob is `input`. It leaves `result`,
 * complete or not at all, and exits with 0 when it did. Lines `percent=N` on stdout are shown as progress; stderr is the
 * log beside the result.
 */
export interface TaskReport extends Facts {
  /**
   * `Converted`; one of the workload's own failures; or what may end better next time: `DiskFull`, `NodeUnfit` (a program
   * is missing), `Interrupted` (ended from outside).
   */
  readonly outcome: string;
  /** Size of the result in bytes; null where there is none. */
  readonly resultBytes: number | null;
}

/** What a report says in terms of the record. */
export interface Review {
  /** About the blob; part of the record's `input`. */
  readonly input: Facts;
  /** About the result; part of the record's `output`. */
  readonly output: Facts;
  /** Versions of the programs that were used. */
  readonly tools: Readonly<Record<string, string>>;
  /** Why a result that the script calls good is not: the name of one of `failures`, and what happened. Null when it is. */
  readonly problem: { readonly code: string; readonly message: string } | null;
}

export function accepts({ suffixes }: Workload, blobName: string): boolean {
  return suffixes.some((suffix) => blobName.toLowerCase().endsWith(suffix));
}
