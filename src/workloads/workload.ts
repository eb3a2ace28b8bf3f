import type { Facts } from "../model/conversion.ts";
import type { FailureWords } from "../model/failures.ts";
import type { SettingsReader } from "../model/settings.ts";
import type { WorkloadOptions } from "./options.ts";

/**
 * One kind of work: what is made of a blob in the input container. A Batch task runs the workload's script on the blob;
 * everything around it (starting once, retries, deadlines, staging, the record) is the same for every workload.
 * docs/workloads.md shows how to add one.
 */
export interface Workload {
  /** As in the setting WORKLOADS. Part of the id of every conversion, so it must never change. */
  readonly name: string;
  /** For messages: "MP4 videos". */
  readonly takes: string;
  /** In lower case: ".mp4". A blob is taken when its name ends in one of these, in any case. */
  readonly suffixes: readonly string[];
  /**
   * The name of a blob's result in the output container. No two blobs, and no two workloads, may share one: `a.mp4` and
   * `a.MP4` are two blobs.
   */
  resultNameFor(blobName: string): string;
  /** Media type of the result. */
  readonly resultType: string;
  /**
   * The task runs it as `/bin/bash task.sh`, once it has checked that this is the script, in a directory where the blob
   * is the file `input`. However it ends, it leaves `report.json`, a `TaskReport`. It exits with 0 if and only if it
   * leaves `result`, and leaves that complete or not at all. Lines `percent=N` on stdout are shown as progress; stderr
   * is the log beside the result.
   */
  readonly script: URL;
  /** What the script needs on a node besides bash and the POSIX tools. */
  readonly nodeNeeds?: NodeNeeds;
  /** The environment of the script, read from the workload's own settings. */
  environment(settings: SettingsReader): Readonly<Record<string, string>>;
  /** What may be chosen for one blob, in its metadata; it takes precedence over the settings. Left out: nothing. */
  readonly options?: WorkloadOptions;
  /** A blob in the same folder that the task gets, too, where there is one. */
  readonly companion?: Companion;
  /** The outcomes of the script for which the blob is to blame. They are final: another attempt would end the same way. */
  readonly failures: Readonly<Record<string, FailureWords>>;
  /** What the script's report says, in terms of the record. */
  review(report: TaskReport): Review;
}

/** A blob beside the one that is converted, such as `cover.jpg`. */
export interface Companion {
  /** The name without its folder and suffix, and that of the file in the task's directory. */
  readonly stem: string;
  /** In lower case; the first one that is there is taken, in any case. */
  readonly suffixes: readonly string[];
  /** A larger one is ignored. */
  readonly maxBytes: number;
}

/** For the start task of the pool that the app creates. */
export interface NodeNeeds {
  /** A shell command, without single quotes, that succeeds where the node has all it needs. */
  readonly check: string;
  /** What `apt-get install` gets where the check fails. */
  readonly packages: readonly string[];
}

/** report.json. It may hold more than this, for the workload's own `review`. */
export interface TaskReport extends Facts {
  /**
   * `Converted`; one of the workload's own failures; or one of those that may go better next time: `DiskFull`,
   * `NodeUnfit` (a program is missing), `Interrupted` (ended from outside).
   */
  readonly outcome: string;
  /** Size of the result; null where there is none. */
  readonly resultBytes: number | null;
}

export interface Review {
  /** About the blob; becomes part of the record's `input`. */
  readonly input?: Facts;
  /** About the result; becomes part of the record's `output`. */
  readonly output?: Facts;
  /** Versions of the programs that were used. */
  readonly tools?: Readonly<Record<string, string>>;
  /** Set where the script calls a result good that is not: one of `failures`, and what is wrong. */
  readonly problem?: { readonly code: string; readonly message: string } | undefined;
}

/** Whether the workload takes a blob of this name. */
export function accepts({ suffixes }: Workload, blobName: string): boolean {
  return suffixes.some((suffix) => blobName.toLowerCase().endsWith(suffix.toLowerCase()));
}
