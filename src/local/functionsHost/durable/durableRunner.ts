import type { OrchestratorState } from "../engine/actions.ts";
import type { SdkTask } from "../engine/desync.ts";
import type { FailureDetails } from "../engine/history.ts";
import type { OrchestratorTrigger } from "./orchestratorTrigger.ts";

/** The durable functions of the app, as the engine calls them. Names are compared without case, as on the real host. */
export interface DurableRunner {
  has(kind: "activity" | "orchestrator" | "entity", name: string): boolean;
  /** Never rejects. A repeated run of the same turn is muted, as what it logs has been logged. */
  orchestrate(name: string, trigger: OrchestratorTrigger): Promise<OrchestratorRun>;
  /** The text of the state, or of the failure to run. */
  repeat(name: string, trigger: OrchestratorTrigger): Promise<string>;
  /** Never rejects. */
  runActivity(call: ActivityCall): Promise<ActivityResult>;
  /** Rejects when the function as a whole has failed. */
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
      /** The state as it came. */
      readonly text: string;
      readonly state: OrchestratorState;
      readonly error?: string;
      readonly openTasks?: readonly SdkTask[];
      /** What of its values JSON loses, in words. */
      readonly jsonLoss?: string;
    }
  /** The text is the same for every way to fail, as messages may differ. */
  | { readonly kind: "crash"; readonly text: ""; readonly message: string };

export type ActivityResult =
  | { readonly kind: "completed"; readonly result: string | null; readonly jsonLoss?: string }
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
