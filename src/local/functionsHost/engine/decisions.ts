/** The names of the messages that entities take. */
export const REQUEST = "op";
export const RELEASE = "release";

/** Something new that an orchestrator wants. It becomes a history event first, and only then happens. */
export type Decision = { readonly id: number } & (
  | { readonly kind: "activity"; readonly name: string; readonly input: string | null }
  | {
      readonly kind: "subOrchestration";
      readonly name: string;
      readonly version: string;
      readonly instanceId: string;
      readonly input: string | null;
    }
  | {
      readonly kind: "timer";
      readonly fireAt: number;
      readonly isCancelled: boolean;
      /** The app named the time itself, so a replay must name the same one. */
      readonly isLiteral: boolean;
    }
  | {
      readonly kind: "message";
      readonly target: string;
      readonly operation: string;
      readonly input: string;
      /** Set if an answer is awaited. */
      readonly requestId?: string;
    }
);

export type DecisionKind = Decision["kind"];

export function describeDecision(decision: Decision): string {
  switch (decision.kind) {
    case "activity":
      return `activity "${decision.name}"`;
    case "subOrchestration":
      return `sub-orchestration "${decision.name}"`;
    case "timer":
      return `a timer for ${new Date(decision.fireAt).toISOString()}`;
    case "message":
      return `a message to ${decision.target}`;
  }
}
