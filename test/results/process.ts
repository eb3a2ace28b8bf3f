import { setImmediate } from "node:timers/promises";
import type { Gate } from "./modelStore.ts";

/** What came of a request. */
type Outcome = { readonly value: unknown } | { readonly error: unknown };

interface Pending {
  readonly request: string;
  /** Asks the store. */
  readonly ask: () => Outcome;
  readonly tell: (outcome: Outcome) => void;
}

/** A process whose requests wait until somebody lets one through. */
export class Process {
  readonly name: string;
  readonly #begin: (gate: Gate) => Promise<unknown>;
  readonly #pending: Pending[] = [];
  readonly #counts = new Map<string, number>();
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

  /** What asks the store for an answer to each request, which goes on waiting. */
  get asks(): readonly (() => Outcome)[] {
    return this.#pending.map(({ ask }) => ask);
  }

  /** Ends the request. */
  tell(index: number, outcome: Outcome): void {
    const pending = this.#at(index);
    this.#pending.splice(index, 1);
    pending.tell(outcome);
  }

  /** Returns the answer that the process is given; undefined where it is an error. */
  letThrough(index: number): unknown {
    const outcome = this.#at(index).ask();
    this.tell(index, outcome);
    return "value" in outcome ? outcome.value : undefined;
  }

  #at(index: number): Pending {
    const pending = this.#pending[index];
    if (pending === undefined) throw new RangeError(`${this.name} waits for no request ${index}`);
    return pending;
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
      this.#pending.push({
        request: `${request}#${count}`,
        ask: () => {
          try {
            return { value: answer() };
          } catch (error) {
            return { error };
          }
        },
        tell: (outcome) => {
          if ("value" in outcome) resolve(outcome.value as Answer);
          else reject(outcome.error as Error);
        },
      });
    });
  }
}

/** A point in the life of a process: how it came there, and what it does there. */
interface Point extends Pick<Process, "state" | "value" | "hasBrokenOff" | "requests"> {
  /** What it has been told on the way, in this order. */
  readonly way: readonly Answer[];
  /** The same in short, sorted: together with the program, that is all it can know. */
  readonly told: readonly string[];
  readonly knowledge: string;
  readonly ask: (index: number) => Outcome;
  /** A process that is here still. */
  process: Process | undefined;
  readonly next: Map<string, Point>;
}

interface Answer {
  readonly request: string;
  readonly outcome: Outcome;
}

/** Where a process is: opaque to everybody else. */
export interface Place {
  readonly point: Point | undefined;
  readonly isCrashed: boolean;
  readonly hasJustWritten: boolean;
}

const NOWHERE: Place = { point: undefined, isCrashed: false, hasJustWritten: false };

/**
 * A process that can be put back to where it was. Running code cannot be put back, but as long as it is told the same, it does
 * the same: so it is run once to each point that it can come to, and what it does there is remembered.
 */
export class RewindableProcess {
  readonly name: string;
  /** Where it is. May be set to any place where it has been. */
  place = NOWHERE;
  readonly #begin: (gate: Gate) => Promise<unknown>;
  readonly #points = new Map<string, Point>();

  constructor(name: string, begin: (gate: Gate) => Promise<unknown>) {
    this.name = name;
    this.#begin = begin;
  }

  get state(): Process["state"] {
    if (this.place.isCrashed) return "crashed";
    return this.place.point?.state ?? "idle";
  }

  get value(): unknown {
    return this.place.point?.value;
  }

  /** Whether it has not come to its end, and never will. */
  get hasBrokenOff(): boolean {
    return this.place.isCrashed || (this.place.point?.hasBrokenOff ?? false);
  }

  get requests(): readonly string[] {
    return this.place.point?.requests ?? [];
  }

  /** Whether its last request has changed something. */
  get hasJustWritten(): boolean {
    return this.place.hasJustWritten;
  }

  /** All that decides what it will do. */
  get knowledge(): string {
    if (this.hasBrokenOff) return "broken off";
    if (this.state !== "running") return `${this.state}: ${String(this.value)}`;
    return `${this.hasJustWritten ? "has just written, " : ""}knows ${this.place.point?.knowledge}`;
  }

  crash(): void {
    this.place = { ...this.place, isCrashed: true };
  }

  async start(): Promise<void> {
    const point = this.#points.get("") ?? this.#note(await this.#send([]), [], []);
    this.place = { point, isCrashed: false, hasJustWritten: false };
  }

  async letThrough(index: number): Promise<void> {
    const from = this.place.point;
    const request = from?.requests[index];
    if (from === undefined || request === undefined) throw new RangeError(`${this.name} waits for no request ${index}`);
    const answer = { request, outcome: from.ask(index) };
    const news = shortNameOf(`${request}=${textOf(answer.outcome)}`);
    const point = from.next.get(news) ?? (await this.#follow(from, answer, news));
    from.next.set(news, point);
    this.place = { point, isCrashed: false, hasJustWritten: !isRead(request) };
  }

  async #follow(from: Point, answer: Answer, news: string): Promise<Point> {
    const told = [...from.told, news].toSorted();
    const known = this.#points.get(told.join());
    if (known !== undefined) return known;
    const process = from.process ?? (await this.#send(from.way));
    from.process = undefined;
    await tell(process, answer);
    return this.#note(process, [...from.way, answer], told);
  }

  async #send(way: readonly Answer[]): Promise<Process> {
    const process = new Process(this.name, this.#begin);
    process.start();
    await quiet();
    for (const answer of way) await tell(process, answer);
    return process;
  }

  #note(process: Process, way: readonly Answer[], told: readonly string[]): Point {
    const { state, value, hasBrokenOff, requests, asks } = process;
    const ask = (index: number): Outcome => (asks[index] as () => Outcome)();
    const knowledge = told.join();
    const point = {
      process,
      state,
      value,
      hasBrokenOff,
      requests,
      ask,
      way,
      told,
      knowledge,
      next: new Map<string, Point>(),
    };
    this.#points.set(knowledge, point);
    return point;
  }
}

async function tell(process: Process, { request, outcome }: Answer): Promise<void> {
  process.tell(process.requests.indexOf(request), outcome);
  await quiet();
}

/** Whether the request changes nothing. */
export function isRead(request: string): boolean {
  return /^(HEAD|GET) /.test(request);
}

/** Until every process waits for a request: nothing else here takes more than promises do. */
async function quiet(): Promise<void> {
  await setImmediate();
}

/** Answers are blobs of the model, which never change. */
const texts = new WeakMap<object, string>();

function textOf(outcome: Outcome): string {
  if ("error" in outcome) return String(outcome.error);
  const { value } = outcome;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "nothing";
  const text = texts.get(value) ?? JSON.stringify(value);
  texts.set(value, text);
  return text;
}

const shortNames = new Map<string, string>();

/** A name for the text, always the same: what is compared often is short. */
export function shortNameOf(text: string): string {
  const name = shortNames.get(text) ?? `${shortNames.size}`;
  shortNames.set(text, name);
  return name;
}
