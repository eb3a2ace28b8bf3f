import { errorMessage } from "../../kit/errorText.ts";
import { HTTP_ACTIVITY } from "../engine/actions.ts";
import type { Action, OrchestratorState } from "../engine/actions.ts";
import { readFailedState } from "../internals/failedState.ts";
import { readOpenTasks } from "../internals/openTasks.ts";
import type { RegisteredFunction } from "../worker/coreModule.ts";
import type { InvocationContext, RpcTypedData } from "../worker/rpc.ts";
import type { Worker } from "../worker/worker.ts";
import { activityFailure, toActivityInput, toActivityMetadata, toJsonResult } from "./encoding.ts";
import { runHttpActivity } from "./httpActivity.ts";
import { findJsonLoss } from "./jsonLoss.ts";
import type { JsonLoss } from "./jsonLoss.ts";
import type { OrchestratorTrigger } from "./orchestratorTrigger.ts";
import type {
  ActivityCall,
  ActivityResult,
  DurableKind,
  DurableRunner,
  EntityAnswer,
  OrchestratorRun,
} from "./durableRunner.ts";

/** What the engine needs of a loaded app. */
export type Invoker = Pick<Worker, "functions" | "invoke">;

/** The durable functions of a loaded app. */
export class WorkerRunner implements DurableRunner {
  readonly #worker: Invoker;
  readonly #extraInputs: () => Readonly<Record<string, RpcTypedData>>;
  readonly #functions: Readonly<Record<DurableKind, ReadonlyMap<string, RegisteredFunction>>>;

  /** `extraInputs`: what activities get for their bindings besides the trigger, by type. */
  constructor(worker: Invoker, extraInputs: () => Readonly<Record<string, RpcTypedData>> = () => ({})) {
    this.#worker = worker;
    this.#extraInputs = extraInputs;
    const ofType = (type: string): ReadonlyMap<string, RegisteredFunction> =>
      new Map(worker.functions.filter(({ trigger }) => trigger.type === type).map((fn) => [fn.name.toLowerCase(), fn]));
    this.#functions = {
      activity: ofType("activityTrigger"),
      orchestrator: ofType("orchestrationTrigger"),
      entity: ofType("entityTrigger"),
    };
  }

  has(kind: DurableKind, name: string): boolean {
    return this.#find(kind, name) !== undefined;
  }

  whyMissing(kind: DurableKind, name: string): string {
    const known = [...this.#functions[kind].values()].map((fn) => `'${fn.name}'`).join(", ");
    const reason = `The function '${name}' doesn't exist, is disabled, or is not an ${kind} function.`;
    return `${reason} Additional info: The following are the known ${kind} functions: ${known}.`;
  }

  async orchestrate(name: string, trigger: OrchestratorTrigger): Promise<OrchestratorRun> {
    const run = await this.#runTurn(name, trigger, false);
    if (run.text === undefined) return { kind: "crash", text: "", message: run.message };
    const state = JSON.parse(run.text) as Partial<OrchestratorState>;
    if (!Array.isArray(state.actions)) {
      const message = "it did not return the state of an orchestration; register it with df.app.orchestration";
      return { kind: "crash", text: "", message };
    }
    const openTasks = readOpenTasks(run.context?.df);
    const jsonLoss = findLossInState(run.value);
    return {
      kind: "state",
      text: run.text,
      state: state as OrchestratorState,
      ...(run.hasThrown ? { error: state.error ?? "" } : {}),
      ...(openTasks === undefined ? {} : { openTasks }),
      ...(jsonLoss === undefined ? {} : { jsonLoss }),
    };
  }

  async repeat(name: string, trigger: OrchestratorTrigger): Promise<string> {
    return (await this.#runTurn(name, trigger, true)).text ?? "";
  }

  async runActivity({ name, instanceId, input }: ActivityCall): Promise<ActivityResult> {
    if (name === HTTP_ACTIVITY) return runHttpActivity(input);
    const fn = this.#find("activity", name);
    if (fn === undefined) return activityFailure(name, new Error(`the app registers no activity "${name}"`));
    try {
      const { response, value } = await this.#worker.invoke({
        fn,
        input: toActivityInput(input),
        extraInputs: this.#extraInputs(),
        triggerMetadata: toActivityMetadata(instanceId, input),
      });
      const jsonLoss = findJsonLoss(value, "its result");
      return {
        kind: "completed",
        result: toJsonResult(response.returnValue),
        ...(jsonLoss === undefined ? {} : { jsonLoss }),
      };
    } catch (error) {
      return activityFailure(fn.name, error);
    }
  }

  async #runTurn(name: string, value: OrchestratorTrigger, muted: boolean): Promise<TurnRun> {
    const fn = this.#find("orchestrator", name);
    if (fn === undefined) return { text: undefined, message: this.whyMissing("orchestrator", name) };
    let context: InvocationContext | undefined;
    const onContext = (created: InvocationContext): void => {
      context = created;
    };
    try {
      const result = await this.#worker.invoke({ fn, input: null, value, muted, onContext });
      return { text: result.response.returnValue?.json ?? "{}", context, value: result.value, hasThrown: false };
    } catch (error) {
      const message = errorMessage(error);
      const text = readFailedState(message);
      return text === undefined ? { text, message } : { text, context, value: undefined, hasThrown: true };
    }
  }

  #find(kind: DurableKind, name: string): RegisteredFunction | undefined {
    return this.#functions[kind].get(name) ?? this.#functions[kind].get(name.toLowerCase());
  }

  async runEntity(name: string, payload: string): Promise<EntityAnswer> {
    const fn = this.#find("entity", name);
    if (fn === undefined) throw new Error(`the app registers no entity "${name}"`);
    const { response } = await this.#worker.invoke({ fn, input: { string: payload } });
    return JSON.parse(response.returnValue?.json ?? "{}") as EntityAnswer;
  }
}

type TurnRun =
  | { readonly text: undefined; readonly message: string }
  | {
      /** The state as the SDK returned it, or put it into the error. */
      readonly text: string;
      readonly context: InvocationContext | undefined;
      readonly value: unknown;
      readonly hasThrown: boolean;
    };

function findLossInState(value: unknown): JsonLoss | undefined {
  const state = value as
    | { actions?: readonly (readonly Action[])[]; output?: unknown; customStatus?: unknown }
    | undefined;
  if (state === undefined || state === null) return undefined;
  return (
    findJsonLoss(state.output, "its output") ??
    findJsonLoss(state.customStatus, "its custom status") ??
    findLossInActions(state.actions?.[0] ?? [])
  );
}

function findLossInActions(actions: readonly Action[]): JsonLoss | undefined {
  for (const action of actions) {
    const name =
      "functionName" in action ? action.functionName : "operation" in action ? action.operation : "continueAsNew";
    const loss =
      "compoundActions" in action
        ? findLossInActions(action.compoundActions)
        : "input" in action
          ? findJsonLoss(action.input, `the input of ${name}`)
          : undefined;
    if (loss !== undefined) return loss;
  }
  return undefined;
}
