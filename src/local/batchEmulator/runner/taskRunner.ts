import type { FailureInfo } from "../model/records.ts";
import type { OutputFile, ResourceFile } from "../requestBodies/fileBodies.ts";

/** What the engine wants done on a node. Whether it really happens or only seems to is up to the runner. */
export interface Runner {
  /** Downloads the resource files and runs the command once. */
  start(work: Work): Execution<Outcome>;
  /** Uploads what the patterns match. The outcome is the failure, if any. */
  upload(work: Work, files: readonly OutputFile[]): Execution<FailureInfo | undefined>;
  prepareNode(folder: string): void;
  /** Ends all that goes on in this node's folder: transfers, and processes even if they left their process group. */
  killAllIn(folder: string): Promise<void>;
  removeFolder(folder: string): Promise<void>;
}

export interface Work {
  readonly commandLine: string;
  /** The task's own: holds stdout.txt, stderr.txt and wd/. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly resourceFiles: readonly ResourceFile[];
  /** Keeps the output of the run before. */
  readonly appendsOutput: boolean;
}

export interface Execution<Result> {
  readonly outcome: Promise<Result>;
  /** Ends transfers and the whole process tree; the outcome follows once they have gone. */
  kill(): void;
}

export type Outcome =
  | { readonly kind: "exited"; readonly exitCode: number }
  /** The command never ran: a download failed, or the program does not exist. */
  | { readonly kind: "failed"; readonly failure: FailureInfo };
