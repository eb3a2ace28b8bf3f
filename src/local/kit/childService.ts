import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Child } from "./childProcess.ts";
import { hasExited, spawnNode, stopChild } from "./childProcess.ts";
import { errorMessage } from "./errorText.ts";
import { readFailureLine } from "./failureLine.ts";
import { readLines } from "./lines.ts";
import { LogFile } from "./logFile.ts";
import { UserError } from "./userError.ts";

export interface ChildServiceOptions<Ready> {
  /** For people, for example `Batch emulator`. */
  readonly name: string;
  readonly script: string;
  /** `previous` is set for a restart: the service must come back at the same address. */
  readonly args: (previous: Ready | undefined) => readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Our own scripts, by their paths below src, to run before the service's. */
  readonly preloads?: readonly string[];
  readonly logFile: string;
  /** Called for each start. The reader returns the address once the lines on stdout say that the service is ready. */
  readonly createReadyReader: () => (line: string) => Ready | undefined;
  /** An empty line on its stdin, after each start, says that this has come: for a service that starts early and then waits. */
  readonly goAhead?: Promise<unknown>;
  /** For a service that starts early and asks for what it needs: when it writes this line, it gets the answer on its stdin. */
  readonly question?: { readonly line: string; readonly answer: Promise<string> };
  readonly events?: ChildServiceEvents;
  readonly readyBoundMs?: number;
  readonly stopBoundMs?: number;
}

export interface ChildServiceEvents {
  /** Each line that the service writes, except its ready line. */
  readonly onLine?: (line: string) => void;
  readonly onStarted?: (pid: number) => void;
  readonly onRestart?: (message: string) => void;
  /** The service said why it stops, or it died too often. It stays down. */
  readonly onGivenUp?: (error: UserError) => void;
}

/** How often a service may die, or fail to get ready, before it is left down. */
const MAX_RESTARTS = 5;
/** Once it has been ready for this long, earlier restarts no longer count. */
const RECOVERED_AFTER_MS = 60_000;
/** How long the last output of a service that has exited may take, for example because a child of its own has the pipe. */
const LAST_OUTPUT_BOUND_MS = 1_000;
/** The first restart is immediate; each further one waits this much longer. */
const RESTART_DELAY_STEP_MS = 100;
const LAST_WORDS = 20;
/** How long a service may take to stop, if it says nothing else, before it is killed with its process group. */
export const STOP_CHILD_BOUND_MS = 8_000;

/**
 * A child process that serves requests and is restarted when it dies by itself. One that says why it stops (see
 * failureLine.ts) stays down: a restart cannot fix what the user has to.
 */
export class ChildService<Ready> {
  readonly #options: ChildServiceOptions<Ready>;
  readonly #log: LogFile;
  #restarts = 0;
  #readyAtMs = Infinity;
  #child: Child | undefined;
  #ready: Ready | undefined;
  #failure: UserError | undefined;
  #isStopping = false;

  private constructor(options: ChildServiceOptions<Ready>) {
    this.#options = options;
    this.#log = new LogFile(options.logFile);
    // A service that never asks is not harmed by an answer that never comes.
    options.question?.answer.catch(() => {});
  }

  /** Resolves once the service is ready. Throws a `UserError` with its last words if it does not get there. */
  static async start<Ready>(options: ChildServiceOptions<Ready>): Promise<ChildService<Ready> & { ready: Ready }> {
    const service = new ChildService(options);
    try {
      await service.#launch();
    } catch (error) {
      await service.stop();
      throw error;
    }
    return service as ChildService<Ready> & { ready: Ready };
  }

  get ready(): Ready | undefined {
    return this.#ready;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#stopChild();
    this.#log.close();
  }

  async #stopChild(): Promise<void> {
    if (this.#child !== undefined) await stopChild(this.#child, this.#options.stopBoundMs ?? STOP_CHILD_BOUND_MS);
  }

  async #launch(): Promise<void> {
    const { args, env, events, goAhead, name, preloads, script } = this.#options;
    const child = spawnNode(script, args(this.#ready), env, preloads);
    this.#child = child;
    this.#failure = undefined;
    this.#readyAtMs = Infinity;
    if (child.pid !== undefined) events?.onStarted?.(child.pid);
    this.#log.write(`--- ${name} started as process ${child.pid ?? "?"}`);
    this.#ready = await this.#untilReady(child);
    this.#readyAtMs = performance.now();
    // Whoever gave the promise deals with its failure.
    goAhead?.then(
      () => child.stdin.write("\n"),
      () => {},
    );
    child.once("exit", (code, signal) => void this.#onExit(child, code, signal));
    if (hasExited(child)) this.#onUnexpectedExit("right after its start");
  }

  #untilReady(child: Child): Promise<Ready> {
    const { createReadyReader, events, logFile, name, question, readyBoundMs = 60_000 } = this.#options;
    const lastWords: string[] = [];
    const say = (line: string): void => {
      lastWords.push(line);
      if (lastWords.length > LAST_WORDS) lastWords.shift();
      this.#log.write(line);
      events?.onLine?.(line);
    };
    return new Promise<Ready>((resolve, reject) => {
      const fail = (what: string): void => {
        clearTimeout(timer);
        const said = lastWords.map((line) => `\n  ${line}`).join("");
        reject(new UserError("ServiceNotStarted", `${name} ${what}${said}`, { hint: `Its log is ${logFile}.` }));
      };
      const timer = setTimeout(() => fail(`was not ready after ${readyBoundMs / 1000} s`), readyBoundMs);
      const readReady = createReadyReader();
      let isReady = false;
      readLines(child.stdout, (line) => {
        const failure = readFailureLine(line);
        if (failure !== undefined) {
          this.#failure = failure;
          return;
        }
        if (line === question?.line) {
          question.answer.then(
            (answer) => child.stdin.write(`${answer}\n`),
            (error: unknown) => fail(`could not be told what it asked for: ${errorMessage(error)}`),
          );
          return;
        }
        const ready = isReady ? undefined : readReady(line);
        if (ready === undefined) return say(line);
        isReady = true;
        clearTimeout(timer);
        resolve(ready);
      });
      readLines(child.stderr, say);
      child.once("error", (error) => fail(`could not be started: ${error.message}`));
      // "close" comes after the last output, "exit" may come before it.
      child.once("close", (code, signal) => fail(`ended while starting (${signal ?? `exit code ${code}`})`));
    });
  }

  async #onExit(child: Child, code: number | null, signal: string | null): Promise<void> {
    // A service that exits by itself may have said why: that arrives before "close".
    if (signal === null) await Promise.race([once(child, "close"), delay(LAST_OUTPUT_BOUND_MS)]);
    this.#onUnexpectedExit(signal ?? `exit code ${code}`);
  }

  #onUnexpectedExit(how: string): void {
    if (this.#isStopping) return;
    const { events, logFile, name } = this.#options;
    if (this.#failure !== undefined) {
      const { code, message, hint } = this.#failure;
      events?.onGivenUp?.(new UserError(code, `${name} stopped: ${message}`, hint === undefined ? {} : { hint }));
      return;
    }
    if (performance.now() - this.#readyAtMs >= RECOVERED_AFTER_MS) this.#restarts = 0;
    this.#restarts++;
    if (this.#restarts > MAX_RESTARTS) {
      this.#giveUp(`${name} died again (${how}) after ${MAX_RESTARTS} restarts`);
      return;
    }
    this.#log.write(`--- ${name} died: ${how}`);
    events?.onRestart?.(`${name} died (${how}) and is being restarted; its log is ${logFile}`);
    setTimeout(() => void this.#relaunch(), (this.#restarts - 1) * RESTART_DELAY_STEP_MS);
  }

  async #relaunch(): Promise<void> {
    if (this.#isStopping) return;
    try {
      await this.#launch();
    } catch (error) {
      // One that hangs must not live on beside the next one.
      await this.#stopChild();
      this.#onUnexpectedExit(errorMessage(error));
    }
  }

  #giveUp(message: string): void {
    this.#options.events?.onGivenUp?.(
      new UserError("ServiceDied", message, { hint: `Its log is ${this.#options.logFile}.` }),
    );
  }
}
