import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { constants as osConstants } from "node:os";
import { delimiter, join, resolve } from "node:path";
import type { Choices } from "../choices.ts";
import type { Clock } from "../../kit/clock.ts";
import { findOnPath, isProgram } from "../../kit/programs.ts";
import { NODE_FOLDERS } from "../model/nodeFolders.ts";
import type { Execution, Outcome, Runner, Work } from "./taskRunner.ts";
import type { FailureInfo } from "../model/records.ts";
import type { OutputFile } from "../requestBodies/fileBodies.ts";
import type { NodeIdentities } from "./nodeIdentities.ts";
import { isIn, killByEnvironment, killGroup, ProcessRegister } from "./processes.ts";
import { playTask } from "./playedTask.ts";
import { fetchResourceFiles } from "./resourceFiles.ts";
import { sendOutputFiles } from "./outputFiles.ts";
import { Trash } from "./trash.ts";
import { splitWords } from "./commandLineWords.ts";

interface ProcessRunnerOptions {
  /** Holds the folders of all nodes. */
  readonly nodesFolder: string;
  /** Where running processes are written down. */
  readonly registerFolder: string;
  /** On the file system of the nodes' folders. */
  readonly trashFolder: string;
  /** Looked through for programs before anything else. */
  readonly binFolders: readonly string[];
  /** The emulator's own PATH: it says where this machine keeps its programs. Nothing else is inherited. */
  readonly path: string;
  readonly missingOutputFile: Choices["missingOutputFile"];
  readonly identities: NodeIdentities;
  /** What the pauses between two tries of a transfer are timed with. */
  readonly clock: Clock;
  /** A folder whose files every task leaves in place of running its command. */
  readonly playedFolder?: string | undefined;
}

/** Tells the processes of one run from those of the next in the same folder. */
const RUN_VARIABLE = "AZ_BATCH_EMULATOR_RUN";

/** Runs every command as a process of its own, at the head of its own process group, unless tasks are only played. */
export class ProcessRunner implements Runner {
  readonly #nodesFolder: string;
  readonly #register: ProcessRegister;
  readonly #path: string;
  readonly #missingOutputFile: Choices["missingOutputFile"];
  readonly #trash: Trash;
  readonly #identities: NodeIdentities;
  readonly #clock: Clock;
  readonly #playedFolder: string | undefined;
  /** What ends a run or its uploads, by the folder of the task. */
  readonly #underway = new Map<AbortController, string>();

  constructor(options: ProcessRunnerOptions) {
    this.#nodesFolder = options.nodesFolder;
    this.#register = new ProcessRegister(options.registerFolder);
    this.#missingOutputFile = options.missingOutputFile;
    this.#trash = new Trash(options.trashFolder);
    this.#identities = options.identities;
    this.#clock = options.clock;
    this.#playedFolder = options.playedFolder;
    this.#path = [...options.binFolders, options.path].filter((part) => part !== "").join(delimiter);
  }

  start(work: Work): Execution<Outcome> {
    const running: { pid?: number } = {};
    const execution = this.#begin(work.folder, (signal) => this.#run(work, signal, running));
    return {
      outcome: execution.outcome,
      kill() {
        execution.kill();
        if (running.pid !== undefined) killGroup(running.pid);
      },
    };
  }

  upload(work: Work, files: readonly OutputFile[]): Execution<FailureInfo | undefined> {
    return this.#begin(work.folder, (signal) =>
      sendOutputFiles(files, {
        task: { folder: work.folder, below: this.#nodesFolder },
        environment: this.#environmentOf(work),
        missing: this.#missingOutputFile,
        transfers: { clock: this.#clock, signal },
        identities: this.#identities,
      }),
    );
  }

  prepareNode(folder: string): void {
    for (const name of NODE_FOLDERS) mkdirSync(join(folder, name), { recursive: true });
  }

  killAllIn(folder: string): Promise<void> {
    for (const [abort, taskFolder] of this.#underway) if (isIn(taskFolder, folder)) abort.abort();
    return this.#register.killAllIn(folder);
  }

  removeFolder(folder: string): Promise<void> {
    return this.#trash.remove(folder);
  }

  #begin<Result>(folder: string, act: (signal: AbortSignal) => Promise<Result>): Execution<Result> {
    const abort = new AbortController();
    this.#underway.set(abort, folder);
    const outcome = act(abort.signal).finally(() => this.#underway.delete(abort));
    return { outcome, kill: () => abort.abort() };
  }

  async #run(work: Work, signal: AbortSignal, running: { pid?: number }): Promise<Outcome> {
    const wd = join(work.folder, "wd");
    mkdirSync(wd, { recursive: true });
    const streams = ["stdout.txt", "stderr.txt"].map((name) =>
      openSync(join(work.folder, name), work.appendsOutput ? "a" : "w"),
    );
    try {
      const transfers = { clock: this.#clock, signal, identities: this.#identities };
      const failure = await fetchResourceFiles(work.resourceFiles, wd, transfers);
      if (signal.aborted) return exited(undefined, "SIGKILL");
      if (failure !== undefined) return { kind: "failed", failure };
      if (this.#playedFolder !== undefined) return await playTask(this.#playedFolder, work.folder);
      return await this.#spawn(work, wd, streams, signal, running);
    } finally {
      for (const stream of streams) closeSync(stream);
    }
  }

  async #spawn(
    work: Work,
    wd: string,
    streams: readonly number[],
    signal: AbortSignal,
    running: { pid?: number },
  ): Promise<Outcome> {
    const environment = this.#environmentOf(work);
    const [program, ...args] = splitWords(work.commandLine) ?? [];
    if (program === undefined) return launchFailed(work.commandLine, "The command line has a quotation without an end");
    const file = findProgram(program, wd, environment["PATH"] ?? "");
    if (file === undefined) return programNotFound(program);

    const runId = randomUUID();
    let child: ChildProcess;
    try {
      child = spawn(file, args, {
        argv0: program,
        cwd: wd,
        env: { ...environment, [RUN_VARIABLE]: runId },
        detached: true,
        stdio: ["ignore", streams[0], streams[1]],
      });
    } catch (error) {
      // Arguments and environment may be longer than the system takes (E2BIG).
      return launchFailed(program, error instanceof Error ? error.message : String(error));
    }
    const outcome = await new Promise<Outcome>((settle) => {
      child.once("error", (error) => settle(launchFailed(program, error.message)));
      child.once("exit", (code, exitSignal) => settle(exited(code, exitSignal)));
      if (child.pid === undefined) return;
      running.pid = child.pid;
      this.#register.add(child.pid, work.folder);
    });
    if (child.pid !== undefined) this.#register.remove(child.pid);
    delete running.pid;
    // Ending a task on request ends its whole tree, even what left the group.
    if (signal.aborted) await killByEnvironment((name, value) => name === RUN_VARIABLE && value === runId);
    return outcome;
  }

  #environmentOf(work: Work): Record<string, string> {
    return { PATH: this.#path, ...work.environment };
  }
}

function findProgram(program: string, wd: string, path: string): string | undefined {
  const inFolder = isProgram(resolve(wd, program)) ? resolve(wd, program) : undefined;
  return program.includes("/") ? inFolder : (findOnPath(program, path) ?? inFolder);
}

/** A process that died of a signal has the exit code that a shell would show. */
function exited(code: number | null | undefined, signal: NodeJS.Signals | null): Outcome {
  return { kind: "exited", exitCode: code ?? 128 + (signal === null ? 0 : osConstants.signals[signal]) };
}

function programNotFound(program: string): Outcome {
  const details = [{ name: "FilePath", value: shortened(program) }];
  return {
    kind: "failed",
    failure: {
      category: "UserError",
      code: "CommandProgramNotFound",
      message: "The specified command program is not found.",
      details,
    },
  };
}

function launchFailed(program: string, reason: string): Outcome {
  const details = [
    { name: "FilePath", value: shortened(program) },
    { name: "Message", value: reason },
  ];
  return {
    kind: "failed",
    failure: {
      category: "UserError",
      code: "CommandLaunchFailed",
      message: "The specified command could not be launched.",
      details,
    },
  };
}

function shortened(text: string): string {
  return text.slice(0, 256);
}
