import type { OrchestratorState } from "../engine/actions.ts";
import type { SdkTask } from "../engine/desync.ts";
import type { FailureDetails } from "../engine/history.ts";
import type { JsonLoss } from "./jsonLoss.ts";
import type { OrchestratorTrigger } from "./orchestratorTrigger.ts";

export type DurableKind = "activity" | "orchestrator" | "entity";

/** The durable functions of the app, as the engine calls them. As on the real host, names are case-insensitive. */
export interface DurableRunner {
  has(kind: DurableKind, name: string): boolean;
  /** What the real host says of a function that it does not have. */
  whyMissing(kind: DurableKind, name: string): string;
  /** Never rejects. */
  orchestrate(name: string, trigger: OrchestratorTrigger): Promise<OrchestratorRun>;
  /** Runs the same turn again without logging. Gives the text of the state, or "" if the function could not run. */
  repeat(name: string, trigger: OrchestratorTrigger): Promise<string>;
  /** Never rejects. */
  runActivity(call: ActivityCall): Promise<ActivityResult>;
  /** Rejects if the function itself has failed, not just one of its operations. */
  runEntity(name: string, payload: string): Promise<EntityAnswer>;
}

export interface ActivityCall {
  readonly name: string;
  readonly instanceId: string;
  readonly input: string | null;
}

export type OrchestratorRun =
  | {
      readonly kind: "state";
      /** The state as received. */
      readonly text: string;
      readonly state: OrchestratorState;
      readonly error?: string;
      readonly openTasks?: readonly SdkTask[];
      /** What JSON would change of its values. */
      readonly jsonLoss?: JsonLoss;
    }
  /** The text is the same for every kind of failure, as messages may differ from run to run. */
  | { readonly kind: "crash"; readonly text: ""; readonly message: string };

export type ActivityResult =
  | { readonly kind: "completed"; readonly result: string | null; readonly jsonLoss?: JsonLoss }
  | {
      readonly kind: "failed";
      readonly reason: string;
      readonly details: string;
      readonly failureDetails?: FailureDetails;
    };

export interface EntityAnswer {
  readonly entityExists: boolean;
  readonly entityState?: string | null;
  readonly results: readonly { readonly isError: boolean; readonly result?: string }[];
  readonly signals: readonly {
    readonly target: { readonly name: string; readonly key: string };
    readonly name: string;
    readonly input?: string;
    readonly requestId?: string;
  }[];
}
