import { ActionType } from "./actions.ts";
import type { Action } from "./actions.ts";
import type { Instance } from "./instance.ts";

export const HAZARD_CODES = ["EmptyInput", "TimestampProperty", "QuotedInput", "RetryTimeout", "BooleanInput"] as const;
type HazardCode = (typeof HAZARD_CODES)[number];

interface Hazard {
  readonly code: HazardCode;
  readonly message: string;
}

/** Values that do not do what they seem to, here and on Azure alike. */
export function findHazards(instance: Instance, actions: readonly Action[]): readonly Hazard[] {
  const isFirstTurn = instance.history.length === 0;
  return [...(isFirstTurn ? hazardsOfInput(instance.input) : []), ...actions.flatMap(hazardsOfAction)];
}

function hazardsOfInput(input: string | null): readonly Hazard[] {
  if (input === '""') {
    const message = "was started without an input, so getInput() gives an empty string. Pass an object, or null.";
    return [{ code: "EmptyInput", message }];
  }
  if (input?.includes('"Timestamp":"') !== true) return [];
  const message =
    'has an input with a property named "Timestamp", which the SDK turns into a Date. Give it another name.';
  return [{ code: "TimestampProperty", message }];
}

function hazardsOfAction(action: Action): readonly Hazard[] {
  switch (action.actionType) {
    case ActionType.WhenAny:
    case ActionType.WhenAll:
      return action.compoundActions.flatMap(hazardsOfAction);
    case ActionType.ContinueAsNew:
      return typeof action.input === "string" ? [QUOTED_INPUT] : [];
    case ActionType.CallActivityWithRetry:
      return [...retryTimeout(action.retryOptions), ...booleanInput(action)];
    case ActionType.CallSubOrchestratorWithRetry:
      return retryTimeout(action.retryOptions);
    case ActionType.CallActivity:
      return booleanInput(action);
    case ActionType.CallSubOrchestrator:
    case ActionType.CallEntity:
    case ActionType.SignalEntity:
    case ActionType.CallHttp:
    case ActionType.CreateTimer:
    case ActionType.WaitForExternalEvent:
    case ActionType.LockEntities:
    case ActionType.ReleaseEntities:
      return [];
  }
}

const QUOTED_INPUT: Hazard = {
  code: "QuotedInput",
  message: "calls continueAsNew with a string, which arrives with quotes around it. Pass an object.",
};

function retryTimeout(options: { readonly retryTimeoutInMilliseconds?: number }): readonly Hazard[] {
  if (options.retryTimeoutInMilliseconds === undefined) return [];
  const message =
    "sets retryTimeoutInMilliseconds: once that time is up, the Durable extension gives up but the SDK goes on " +
    "waiting for ever. Limit retries by maxNumberOfAttempts alone.";
  return [{ code: "RetryTimeout", message }];
}

function booleanInput({
  functionName,
  input,
}: {
  readonly functionName: string;
  readonly input?: unknown;
}): readonly Hazard[] {
  if (typeof input !== "boolean") return [];
  const message = `passes ${input} to the activity "${functionName}", which gets the string "${input ? "True" : "False"}". Wrap it in an object.`;
  return [{ code: "BooleanInput", message }];
}
