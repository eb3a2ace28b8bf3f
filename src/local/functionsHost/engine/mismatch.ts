import { describeDecision } from "./decisions.ts";
import type { Decision, DecisionKind } from "./decisions.ts";
import { EventType } from "./history.ts";
import type { HistoryEvent } from "./history.ts";

/** A step in which a replay departs from the history. */
export interface Mismatch {
  readonly step: number;
  readonly recorded: string;
  readonly replayed: string;
  /** Only the arguments differ, which the real host does not notice. */
  readonly isArgumentOnly: boolean;
}

type Decided = Extract<
  HistoryEvent,
  {
    EventType:
      | typeof EventType.TaskScheduled
      | typeof EventType.TimerCreated
      | typeof EventType.SubOrchestrationInstanceCreated
      | typeof EventType.EventSent;
  }
>;

const KINDS: Readonly<Record<Decided["EventType"], DecisionKind>> = {
  [EventType.TaskScheduled]: "activity",
  [EventType.TimerCreated]: "timer",
  [EventType.SubOrchestrationInstanceCreated]: "subOrchestration",
  [EventType.EventSent]: "message",
};

export function compareWithHistory(event: Decided, decision: Decision | undefined): Mismatch | undefined {
  const step = event.EventId;
  if (decision === undefined) {
    return { step, recorded: describeEvent(event), replayed: "nothing", isArgumentOnly: false };
  }
  if (decision.kind !== KINDS[event.EventType] || nameOf(event) !== nameOf(decision)) {
    return { step, recorded: describeEvent(event), replayed: describeDecision(decision), isArgumentOnly: false };
  }
  const before = argumentOf(event, decision);
  const now = argumentOf(decision, decision);
  if (before === now) return undefined;
  return {
    step,
    recorded: `${describeEvent(event)} with ${shorten(before)}`,
    replayed: `${describeDecision(decision)} with ${shorten(now)}`,
    isArgumentOnly: true,
  };
}

/** The real host ignores case in names. */
function nameOf(step: Decided | Decision): string {
  if ("Name" in step) return step.Name.toLowerCase();
  if ("name" in step) return step.name.toLowerCase();
  return "operation" in step ? step.operation.toLowerCase() : "";
}

function argumentOf(step: Decided | Decision, decision: Decision): string | null {
  if (decision.kind === "timer" && !decision.isLiteral) return null;
  if ("FireAt" in step) return step.FireAt;
  if ("fireAt" in step) return new Date(step.fireAt).toISOString();
  return "Input" in step ? step.Input : (step as { readonly input: string | null }).input;
}

function describeEvent(event: Decided): string {
  switch (event.EventType) {
    case EventType.TaskScheduled:
      return `activity "${event.Name}"`;
    case EventType.SubOrchestrationInstanceCreated:
      return `sub-orchestration "${event.Name}"`;
    case EventType.TimerCreated:
      return `a timer for ${event.FireAt}`;
    case EventType.EventSent:
      return `a message to ${event.InstanceId}`;
  }
}

function shorten(text: string | null): string {
  if (text === null) return "no input";
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}
