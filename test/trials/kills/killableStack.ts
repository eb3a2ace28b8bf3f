import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import { builtScript } from "../../../src/local/kit/appRoot.ts";
import { createFailure } from "../../../src/local/kit/failure.ts";
import type { ProcessIdentity } from "../../../src/local/kit/processIdentity.ts";
import { isRunning } from "../../../src/local/kit/processIdentity.ts";
import type { StackConnection } from "../../../src/local/stack/stackState.ts";
import type { Target } from "./plan.ts";
import { identities, killAll, processTree } from "./processTree.ts";

interface KillableStackOptions {
  readonly data: string;
  readonly env: NodeJS.ProcessEnv;
  readonly note: (text: string) => void;
}

/** How the command lines of the services end, by which they are told apart. */
const SCRIPTS: Partial<Record<Target, RegExp>> = {
  azurite: /azurite[/\\]dist[/\\]/,
  batch: /batchEmulator[/\\]main\.js/,
  functions: /functionsHost[/\\]main\.js/,
};
/** How a stack ends that a service has left for good. The trial kills more often than the stack restarts. */
const GIVEN_UP = /died again .* after \d+ restarts/;
const LAST_WORDS = 12;

/** `mp3drop local` on one data folder, as a user runs it, started again whenever it has ended. */
export class KillableStack {
  /** Rejects when the stack has ended for a reason of its own; never resolves. */
  readonly failed: Promise<never>;
  readonly #fail: (error: Error) => void;
  readonly #options: KillableStackOptions;
  readonly #events = new EventEmitter();
  readonly #former: ProcessIdentity[] = [];
  #main: ChildProcess | undefined;
  #connection: StackConnection | undefined;
  #isStopping = false;

  constructor(options: KillableStackOptions) {
    ({ failed: this.failed, fail: this.#fail } = createFailure());
    this.#options = options;
    this.#start();
  }

  /** Undefined while the stack is starting. */
  get connection(): StackConnection | undefined {
    return this.#connection;
  }

  /** Resolves once a stack is up, which need not be the one that is starting now. */
  async ready(signal: AbortSignal): Promise<StackConnection> {
    while (this.#connection === undefined) await once(this.#events, "ready", { signal });
    return this.#connection;
  }

  /**
   * Kills, and starts again what does not come back by itself. Returns what was killed: "main" while the stack is still
   * starting, because it gives up when one of its services does not start.
   */
  kill(wanted: Target): Target {
    const main = this.#main;
    if (main?.pid === undefined) throw new Error("The stack could not be started");
    const tree = processTree(main.pid);
    const service = this.#connection && tree.find(({ command }) => SCRIPTS[wanted]?.test(command));
    this.#former.push(...identities(service === undefined ? tree : processTree(service.pid)));
    if (service !== undefined) {
      killAll([service]);
      return wanted;
    }
    killAll(wanted === "all" ? tree : tree.slice(0, 1));
    this.#start();
    return wanted === "all" ? wanted : "main";
  }

  /** The processes of killed stacks and services that still run. */
  leftBehind(): ProcessIdentity[] {
    return this.#former.filter(isRunning);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const main = this.#main;
    if (main === undefined || hasEnded(main)) return;
    const ended = once(main, "exit");
    main.kill("SIGTERM");
    await ended;
  }

  #start(): void {
    const { data, env } = this.#options;
    const ports = ["blob", "queue", "table", "batch", "functions"].flatMap((service) => [`--${service}-port`, "0"]);
    const main = spawn(process.execPath, [builtScript("cli/main.ts"), "local", "--json", "--data", data, ...ports], {
      stdio: ["ignore", "pipe", "pipe"],
      env,
    });
    this.#main = main;
    this.#connection = undefined;
    const words: string[] = [];
    createInterface(main.stderr).on("line", (line) => {
      words.push(line);
      if (words.length > LAST_WORDS) words.shift();
    });
    createInterface(main.stdout).once("line", (line) => {
      if (this.#main !== main) return;
      this.#connection = JSON.parse(line) as StackConnection;
      this.#events.emit("ready");
    });
    main.once("close", (code) => this.#onEnd(main, code, words.join("\n  ")));
  }

  /** By itself, unless another one is the stack by now. */
  #onEnd(main: ChildProcess, code: number | null, words: string): void {
    if (this.#main !== main || this.#isStopping) return;
    if (!GIVEN_UP.test(words)) {
      this.#fail(new Error(`The stack ended by itself (exit code ${code}):\n  ${words}`));
      return;
    }
    this.#options.note("the stack gave up on a service that was killed too often");
    this.#start();
  }
}

function hasEnded(main: ChildProcess): boolean {
  return main.exitCode !== null || main.signalCode !== null;
}
