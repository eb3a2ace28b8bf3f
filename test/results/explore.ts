import type { Place, RewindableProcess } from "./process.ts";
import { isRead } from "./process.ts";

/** What is explored. It can be put back to where it was. */
export interface World<Saved> {
  readonly processes: readonly RewindableProcess[];
  /** What happens by itself at some moment, in this order. */
  readonly events: readonly (() => void)[];
  /** The blob that the events change. */
  readonly eventsAreAbout: string;
  /** Whether this process can start, after so many events. */
  canStart(process: RewindableProcess, happened: number): boolean;
  /** Whether no other process, and no event that is to come, has to do with what this request is about. */
  isPrivate(process: RewindableProcess, request: string, happened: number): boolean;
  /** All of the world besides the processes, in words. */
  snapshot(): string;
  /** The same, to be put back. */
  save(): Saved;
  restore(saved: Saved): void;
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
export async function explore<Saved>(world: World<Saved>): Promise<Exploration> {
  const explorer = new Explorer(world);
  await explorer.goThroughAll();
  return { states: explorer.seen.size, endings: explorer.endings };
}

/** A moment of the world, to be put back. */
interface Moment<Saved> {
  readonly world: Saved;
  readonly places: readonly Place[];
  readonly happened: number;
  /** How it was reached. */
  readonly last: Step | undefined;
}

interface Step {
  readonly what: string;
  readonly before: Step | undefined;
}

/**
 * A choice, and what need not come next after it: another branch has it, and nothing since depends on it. (Sleep
 * sets with the states seen, as in Godefroid's "Partial-Order Methods for the Verification of Concurrent Systems".)
 */
interface Branch<Saved> {
  readonly from: Moment<Saved>;
  readonly choice: Choice;
  readonly asleep: ReadonlySet<string>;
}

class Explorer<Saved> {
  /** What has been left out so far in each state. */
  readonly seen = new Map<string, ReadonlySet<string>>();
  endings = 0;
  readonly #world: World<Saved>;
  readonly #open: Branch<Saved>[] = [];

  constructor(world: World<Saved>) {
    this.#world = world;
  }

  async goThroughAll(): Promise<void> {
    await this.#goOn(0, undefined, new Set());
    for (let branch = this.#open.pop(); branch !== undefined; branch = this.#open.pop()) {
      const { from, choice, asleep } = branch;
      this.#putBack(from);
      const step: Step = { what: choice.what, before: from.last };
      try {
        await choice.take();
        this.#world.check();
        await this.#goOn(from.happened + (choice.process === undefined ? 1 : 0), step, asleep);
      } catch (error) {
        throw new Error(`After these steps:\n  ${wordsOf(step).join("\n  ")}`, { cause: error });
      }
    }
  }

  /** Opens what can come next, or settles the world if nothing can. */
  async #goOn(happened: number, last: Step | undefined, asleep: ReadonlySet<string>): Promise<void> {
    const world = this.#world;
    for (const process of world.processes) {
      if (process.state === "idle" && world.canStart(process, happened)) await process.start();
    }
    const choices = choicesIn(world, happened);
    const state = stateOf(world, happened);
    const leftOut = this.seen.get(state);
    if (choices.length === 0 && leftOut === undefined) {
      this.endings++;
      await world.settle();
    }
    const from = { world: world.save(), places: world.processes.map(({ place }) => place), happened, last };
    const isDue = ({ what }: Choice): boolean => !asleep.has(what) && (leftOut?.has(what) ?? true);
    this.seen.set(state, leftOut === undefined ? asleep : new Set([...leftOut].filter((what) => asleep.has(what))));
    const done = choices.filter((choice) => !isDue(choice));
    for (const choice of choices.filter(isDue)) {
      const independent = done.filter((other) => areIndependent(choice, other)).map(({ what }) => what);
      done.push(choice);
      this.#open.push({ from, choice, asleep: new Set(independent) });
    }
  }

  #putBack({ world, places }: Moment<Saved>): void {
    this.#world.restore(world);
    for (const [index, process] of this.#world.processes.entries()) process.place = places[index] ?? process.place;
  }
}

function wordsOf(step: Step): string[] {
  const words: string[] = [];
  for (let at: Step | undefined = step; at !== undefined; at = at.before) words.unshift(at.what);
  return words;
}

/** Whether it does not matter which of the two comes first. */
function areIndependent(one: Choice, other: Choice): boolean {
  if (one.blobs !== undefined && other.blobs !== undefined) {
    return !changes(one, other.blobs) && !changes(other, one.blobs);
  }
  const areOfProcesses = one.process !== undefined && other.process !== undefined;
  return areOfProcesses && one.process !== other.process;
}

/** Of the blobs that a request is about, the last one is the one that it changes: a copy reads the first. */
function changes({ blobs, isRead }: Choice, others: readonly string[]): boolean {
  return !isRead && others.includes(blobs?.at(-1) ?? "");
}

function stateOf(world: World<unknown>, happened: number): string {
  return [happened, world.snapshot(), ...world.processes.map(({ knowledge }) => knowledge)].join("; ");
}

interface Choice {
  readonly what: string;
  readonly take: () => void | Promise<void>;
  /** Undefined for an event. */
  readonly process?: RewindableProcess;
  /** Undefined for a crash. */
  readonly blobs?: readonly string[];
  readonly isRead: boolean;
}

/**
 * What can happen next. A crash after a request that only read is the same as one before it. A request that nobody else
 * takes any notice of may come at once: to put it off would lead to the same states. Of the deletions that a process sends
 * at once, the first comes first.
 */
function choicesIn(world: World<unknown>, happened: number): Choice[] {
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
      blobs: request.slice(0, request.lastIndexOf("#")).split(" ").slice(1),
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
      blobs: [world.eventsAreAbout],
      isRead: false,
    });
  }
  return choices;
}
