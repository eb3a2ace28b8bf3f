import type { FailureInfo } from "../model/records.ts";
import type { OutputFile, ResourceFile } from "../requestBodies/fileBodies.ts";

/** What the engine asks for; how a command really runs (or only seems to) is the runner's. */
export interface Runner {
  /** Downloads the resource files and runs the command once. */
  start(work: Work): Execution;
  /** Uploads what the patterns match; resolves with the reason when that failed. */
  upload(work: Work, files: readonly OutputFile[]): Promise<FailureInfo | undefined>;
  prepareNode(folder: string): void;
  /** Ends every process that was started in this node's folder, also those that left their process group. */
  killAllIn(folder: string): Promise<void>;
  removeFolder(folder: string): Promise<void>;
}

export interface Work {
  readonly commandLine: string;
  /** Of the task: holds stdout.txt, stderr.txt and wd/. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly resourceFiles: readonly ResourceFile[];
  /** Goes on behind the output of the run before. */
  readonly appendsOutput: boolean;
}

export interface Execution {
  readonly outcome: Promise<Outcome>;
  /** Ends the whole process tree; the outcome follows once it is gone. */
  kill(): void;
}

export type Outcome =
  | { readonly kind: "exited"; readonly exitCode: number }
  /** The command never ran: a download failed, or there is no such program. */
  | { readonly kind: "failed"; readonly failure: FailureInfo };
