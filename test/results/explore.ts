import type { Gate } from "./modelStore.ts";

/** One way to go through all of it, as the numbers of the choices made. */
type Path = readonly number[];

interface Pending {
  readonly request: string;
  /** Returns the answer. */
  readonly answer: () => unknown;
}

/** A process whose requests wait until the explorer lets one through. */
export class Process {
  readonly name: string;
  readonly #begin: (gate: Gate) => Promise<unknown>;
  readonly #pending: Pending[] = [];
  /** What it has been told so far, by request: together with the program, that is all it can know. */
  readonly #told = new Map<string, unknown>();
  readonly #counts = new Map<string, number>();
  /** Whether its last request has changed something. */
  hasJustWritten = false;
  state: "idle" | "running" | "ended" | "crashed" = "idle";
  /** Set when it has ended well. */
  value: unknown;
  /** Set when it has ended by an error. */
  error: unknown;

  constructor(name: string, begin: (gate: Gate) => Promise<unknown>) {
    this.name = name;
    this.#begin = begin;
  }

  start(): void {
    this.state = "running";
    this.#begin((request, answer) => this.#wait(request, answer)).then(
      (value: unknown) => this.#end({ value }),
      (error: unknown) => this.#end({ error }),
    );
  }

  crash(): void {
    this.state = "crashed";
    this.#pending.length = 0;
  }

  /** Whether it has not come to its end, and never will. */
  get hasBrokenOff(): boolean {
    return this.state === "crashed" || this.error !== undefined;
  }

  get requests(): readonly string[] {
    return this.#pending.map(({ request }) => request);
  }

  /** Returns the answer that the process is given. */
  letThrough(index: number): unknown {
    const [pending] = this.#pending.splice(index, 1);
    if (pending === undefined) throw new RangeError(`${this.name} waits for no request ${index}`);
    this.hasJustWritten = !isRead(pending.request);
    return pending.answer();
  }

  /** All that decides what it will do. */
  get knowledge(): string {
    if (this.hasBrokenOff) return "broken off";
    if (this.state !== "running") return `${this.state}: ${String(this.value)}`;
    const told = [...this.#told]
      .map(([request, answer]) => `${request}=${shortNameOf(JSON.stringify(answer) ?? "nothing")}`)
      .toSorted();
    return [`has just written: ${this.hasJustWritten}`, ...told].join("\n");
  }

  #end({ value, error }: { readonly value?: unknown; readonly error?: unknown }): void {
    if (this.state === "crashed") return;
    this.state = "ended";
    this.value = value;
    this.error = error;
  }

  #wait<Answer>(request: string, answer: () => Answer): Promise<Answer> {
    const count = (this.#counts.get(request) ?? 0) + 1;
    this.#counts.set(request, count);
    return new Promise((resolve, reject) => {
      const settle = (): unknown => {
        try {
          const value = answer();
          this.#told.set(`${request}#${count}`, value);
          resolve(value);
          return value;
        } catch (error) {
          this.#told.set(`${request}#${count}`, String(error));
          reject(error as Error);
          return undefined;
        }
      };
      this.#pending.push({ request: `${request}#${count}`, answer: settle });
    });
  }
}

/** What is explored, made anew for each way through it. */
export interface World {
  readonly processes: readonly Process[];
  /** What happens by itself at some moment, in this order. */
  readonly events: readonly (() => void)[];
  /** The blob that the events change. */
  readonly eventsAreAbout: string;
  /** Whether this process can start, after so many events. */
  canStart(process: Process, happened: number): boolean;
  /** Whether no other process, and no event that is to come, has to do with what this request is about. */
  isPrivate(process: Process, request: string, happened: number): boolean;
  /** All of the world besides the processes. */
  snapshot(): string;
  /** Called after every step. Throws where something is wrong. */
  check(): void;
  /** Called where nothing can happen any more: lets whoever broke off go on, and checks what is left. */
  settle(): Promise<void>;
}

export interface Exploration {
  readonly states: number;
  readonly endings: number;
}

/**
 * Goes through every order in which the requests of the processes can be answered, the events can happen and each process
 * can crash after each of its requests, without going twice through what follows the same state. The error of a check says
 * by which steps it was reached.
 */
export async function explore(makeWorld: () => World): Promise<Exploration> {
  const seen: Seen = new Map();
  const open: Branch[] = [{ path: [], asleep: new Set() }];
  let endings = 0;
  for (let branch = open.pop(); branch !== undefined; branch = open.pop()) {
    if ((await follow(makeWorld(), branch, seen, open)) === "ended") endings++;
  }
  return { states: seen.size, endings };
}

/**
 * A way to go, and what need not come next at its end: another branch has it, and nothing since depends on it. (Sleep
 * sets with the states seen, as in Godefroid's "Partial-Order Methods for the Verification of Concurrent Systems".)
 */
interface Branch {
  readonly path: Path;
  readonly asleep: ReadonlySet<string>;
}

/** What has been left out so far in each state. */
type Seen = Map<string, ReadonlySet<string>>;

/** Follows the path, then always takes the first choice, and leaves the others for later. */
async function follow(world: World, branch: Branch, seen: Seen, open: Branch[]): Promise<"ended" | "seen"> {
  const path: number[] = [...branch.path];
  const steps: string[] = [];
  let { asleep } = branch;
  let happened = 0;
  try {
    for (;;) {
      for (const process of world.processes) {
        if (process.state === "idle" && world.canStart(process, happened)) process.start();
      }
      await quiet();
      const choices = choicesIn(world, happened);
      if (choices.length === 0) break;
      if (steps.length === path.length) {
        const [next, ...others] = branchesAt(stateOf(world, happened), choices, asleep, seen);
        if (next === undefined) return "seen";
        open.push(...others.map((other) => ({ ...other, path: [...path, ...other.path] })));
        path.push(...next.path);
        ({ asleep } = next);
      }
      const choice = choices[path[steps.length] ?? NaN];
      if (choice === undefined) throw new RangeError("The same steps did not lead to the same choices");
      steps.push(choice.what);
      choice.take();
      if (choice.process === undefined) happened++;
      if (steps.length >= branch.path.length) world.check();
    }
    await world.settle();
    return "ended";
  } catch (error) {
    throw new Error(`After these steps:\n  ${steps.join("\n  ")}`, { cause: error });
  }
}

/** A branch of one step for each choice that has to be taken in this state, and has not been. */
function branchesAt(state: string, choices: readonly Choice[], asleep: ReadonlySet<string>, seen: Seen): Branch[] {
  const leftOut = seen.get(state);
  const isDue = ({ what }: Choice): boolean => !asleep.has(what) && (leftOut?.has(what) ?? true);
  seen.set(state, leftOut === undefined ? asleep : new Set([...leftOut].filter((what) => asleep.has(what))));
  const done = choices.filter((choice) => !isDue(choice));
  return choices.filter(isDue).map((choice) => {
    const independent = done.filter((other) => areIndependent(choice, other)).map(({ what }) => what);
    done.push(choice);
    return { path: [choices.indexOf(choice)], asleep: new Set(independent) };
  });
}

/** Whether it does not matter which of the two comes first. */
function areIndependent(one: Choice, other: Choice): boolean {
  if (one.blob !== undefined && other.blob !== undefined) {
    return one.blob !== other.blob || (one.isRead && other.isRead);
  }
  const areOfProcesses = one.process !== undefined && other.process !== undefined;
  return areOfProcesses && one.process !== other.process;
}

function stateOf(world: World, happened: number): string {
  const processes = world.processes.map(({ knowledge }) => knowledge);
  return canonical([happened, world.snapshot(), ...processes].join("\n--\n"));
}

interface Choice {
  readonly what: string;
  readonly take: () => void;
  /** Undefined for an event. */
  readonly process?: Process;
  /** Undefined for a crash. */
  readonly blob?: string;
  readonly isRead: boolean;
}

/**
 * What can happen next. A crash after a request that only read is the same as one before it. A request that nobody else
 * takes any notice of may come at once: to put it off would lead to the same states. Of the deletions that a process sends
 * at once, the first comes first.
 */
function choicesIn(world: World, happened: number): Choice[] {
  const choices: Choice[] = [];
  for (const process of world.processes) {
    if (process.state !== "running") continue;
    const crash = { what: `${process.name} crashes`, take: () => process.crash(), process, isRead: false };
    const crashes = process.hasJustWritten ? [crash] : [];
    const requests = process.requests.map((request, index) => ({
      request,
      what: `${process.name}: ${request}`,
      take: () => process.letThrough(index),
      process,
      blob: request.slice(request.indexOf(" ") + 1, request.lastIndexOf("#")),
      isRead: isRead(request),
    }));
    const own = requests.find(({ request }) => world.isPrivate(process, request, happened));
    if (own !== undefined) return [own, ...crashes];
    const deletion = requests.find(({ request }) => request.startsWith("DELETE"));
    choices.push(
      ...requests.filter((choice) => !choice.request.startsWith("DELETE") || choice === deletion),
      ...crashes,
    );
  }
  const event = world.events[happened];
  if (event !== undefined) {
    choices.push({
      what: `event ${happened + 1}`,
      take: event,
      blob: world.eventsAreAbout,
      isRead: false,
    });
  }
  return choices;
}

function isRead(request: string): boolean {
  return /^(HEAD|GET) /.test(request);
}

/** ETags are only ever compared, so two states that differ in nothing but their names are one. */
function canonical(state: string): string {
  const names = new Map<string, string>();
  return state.replaceAll(/0x\d+/g, (eTag) => {
    const name = names.get(eTag) ?? `e${names.size}`;
    names.set(eTag, name);
    return name;
  });
}

/** More than any promise of a process takes to have its effect. */
const TURNS = 24;

/** Until every process waits for a request. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
}

/** The short answers name ETags, which `canonical` has to see. */
const MAX_LENGTH = 400;
const names = new Map<string, string>();

/** A name for a long text, always the same: states are compared as strings. */
export function shortNameOf(text: string): string {
  if (text.length <= MAX_LENGTH) return text;
  const name = names.get(text) ?? `text ${names.size}`;
  names.set(text, name);
  return name;
}
