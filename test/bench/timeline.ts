import type { StackService } from "../../src/local/stack/localStack.ts";
import type { AnsweredRequest } from "../probes/probes.ts";

export type Answered = Readonly<Record<StackService, readonly AnsweredRequest[]>>;

interface StepKind {
  readonly name: string;
  readonly service: StackService;
  /** The requests with which it ends, */
  readonly kind: RegExp;
  /** and which of their times is its end. */
  readonly until: "first begun" | "first ended" | "last ended";
}

const RECORD = /^host PUT output \S+\.json$/;

/** From the end of an upload to the record, one after the other. */
const STEPS: readonly StepKind[] = [
  {
    name: "the upload is noticed, and started",
    service: "functions",
    kind: /^POST durable orchestrators\//,
    until: "first ended",
  },
  { name: "the task is added", service: "batch", kind: /^POST jobs\/\*\/tasks$/, until: "first ended" },
  { name: "the node fetches script and video", service: "azurite", kind: /^task GET input /, until: "last ended" },
  { name: "script and ffmpeg run", service: "azurite", kind: /^task PUT (\S+ )?work /, until: "first begun" },
  { name: "the node uploads what they left", service: "azurite", kind: /^task PUT (\S+ )?work /, until: "last ended" },
  {
    name: "the report is noticed, and told",
    service: "functions",
    kind: /^POST durable instances\/\*\/raiseEvent\//,
    until: "first ended",
  },
  { name: "the task is read", service: "batch", kind: /^GET jobs\/\*\/tasks\/\*$/, until: "first ended" },
  { name: "all is checked and published", service: "azurite", kind: RECORD, until: "first ended" },
];

/** Requests of one kind, of which some was under way for so long. Kinds may be so side by side. */
const UNDER_WAY: readonly { readonly name: string; readonly service: StackService; readonly kind: RegExp }[] = [
  { name: "requests of the app to storage", service: "azurite", kind: /^host (?!GET list )/ },
  { name: "  copies to output", service: "azurite", kind: /^host COPY output / },
  { name: "requests of the task to storage", service: "azurite", kind: /^task / },
  { name: "requests to Batch", service: "batch", kind: /^/ },
  { name: "requests to Durable", service: "functions", kind: /^\w+ durable / },
];

/** What the triggers list, and the step that begins with waiting for them to do so. */
const POLLS: readonly { readonly kind: RegExp; readonly step: string }[] = [
  { kind: /^host GET list input$/, step: "the upload is noticed, and started" },
  { kind: /^host GET list work$/, step: "the report is noticed, and told" },
];

export interface Timeline {
  /** In milliseconds since 1970. */
  readonly recordedAt: number;
  /** In seconds. One whose request was not seen takes no time: that is in the next one. */
  readonly steps: Readonly<Record<string, number>>;
  /** In seconds, of the whole time. */
  readonly underWay: Readonly<Record<string, number>>;
}

/** Of the only conversion at that time. `uploadedAt` in milliseconds since 1970. Throws if its record was not seen written. */
export function timelineOf(answered: Answered, uploadedAt: number): Timeline {
  const record = answered.azurite.find(({ kind, endedAt }) => RECORD.test(kind) && endedAt > uploadedAt);
  if (record === undefined) throw new Error("Nobody has seen the record written");
  const recordedAt = record.endedAt;
  const during = (service: StackService, kind: RegExp): AnsweredRequest[] =>
    answered[service].filter(
      (request) => kind.test(request.kind) && request.endedAt > uploadedAt && request.startedAt < recordedAt,
    );

  const steps: Record<string, number> = {};
  let polling = 0;
  let at = uploadedAt;
  for (const { name, service, kind, until } of STEPS) {
    const found = during(service, kind).filter(({ endedAt }) => endedAt > at && endedAt <= recordedAt);
    const end = endOf(found, until) ?? at;
    for (const poll of POLLS.filter(({ step }) => step === name)) {
      const list = during("azurite", poll.kind).find(({ startedAt }) => startedAt >= at);
      if (list !== undefined && list.startedAt < end) polling += list.startedAt - at;
    }
    steps[name] = (end - at) / 1_000;
    at = end;
  }
  const underWay = UNDER_WAY.map(({ name, service, kind }) => [name, lengthOf(during(service, kind)) / 1_000]);
  return {
    recordedAt,
    steps,
    underWay: { "waiting for the next look of a trigger": polling / 1_000, ...Object.fromEntries(underWay) },
  };
}

function endOf(requests: readonly AnsweredRequest[], until: StepKind["until"]): number | undefined {
  if (requests.length === 0) return undefined;
  if (until === "first begun") return Math.min(...requests.map(({ startedAt }) => startedAt));
  const ends = requests.map(({ endedAt }) => endedAt);
  return until === "first ended" ? Math.min(...ends) : Math.max(...ends);
}

/** Of the time in which at least one of them was under way. */
function lengthOf(requests: readonly AnsweredRequest[]): number {
  let length = 0;
  let until = 0;
  for (const { startedAt, endedAt } of requests.toSorted((a, b) => a.startedAt - b.startedAt)) {
    length += Math.max(0, endedAt - Math.max(startedAt, until));
    until = Math.max(until, endedAt);
  }
  return length;
}
