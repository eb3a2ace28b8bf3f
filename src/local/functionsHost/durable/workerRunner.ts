import type { Clock } from "../clock.ts";
import { HTTP_ACTIVITY } from "../engine/actions.ts";
import type { Action, OrchestratorState } from "../engine/actions.ts";
import type { SdkTask } from "../engine/desync.ts";
import type { RegisteredFunction } from "../worker/coreModule.ts";
import type { InvocationContext, RpcTypedData } from "../worker/rpc.ts";
import type { Worker } from "../worker/worker.ts";
import { activityFailure, cutMessage, toActivityInput, toJsonResult } from "./encoding.ts";
import { runHttpActivity } from "./httpActivity.ts";
import { findJsonLoss } from "./jsonLoss.ts";
import type { ActivityCall, ActivityResult, DurableRunner, EntityAnswer, OrchestratorRun } from "./runner.ts";
import { withTimeout } from "./timeout.ts";

const STATE_MARK = "\n\n$OutOfProcData$:";
const TRIGGERS = {
  activity: "activityTrigger",
  orchestrator: "orchestrationTrigger",
  entity: "entityTrigger",
} as const;

/** The durable functions of a loaded app. */
export class WorkerRunner implements DurableRunner {
  readonly #worker: Worker;
  readonly #functions = new Map<string, RegisteredFunction>();
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  constructor(worker: Worker, clock: Clock, timeoutMs: number) {
    this.#worker = worker;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    for (const fn of worker.functions) this.#functions.set(`${fn.trigger.type}/${fn.name.toLowerCase()}`, fn);
  }

  has(kind: "activity" | "orchestrator" | "entity", name: string): boolean {
    return this.#functions.has(`${TRIGGERS[kind]}/${name.toLowerCase()}`);
  }

  async orchestrate(name: string, payload: string, isRepeated: boolean): Promise<OrchestratorRun> {
    const fn = this.#functions.get(`${TRIGGERS.orchestrator}/${name.toLowerCase()}`);
    if (fn === undefined) return { kind: "crash", message: `the app registers no orchestrator "${name}"` };
    let context: InvocationContext | undefined;
    try {
      const { response, value } = await this.#worker.invoke({
        fn,
        input: { string: payload },
        muted: isRepeated,
        onContext: (created) => (context = created),
      });
      return toRun(response.returnValue?.json ?? "{}", context, value);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const mark = message.lastIndexOf(STATE_MARK);
      if (mark < 0) return { kind: "crash", message };
      const run = toRun(message.slice(mark + STATE_MARK.length), context, undefined);
      return run.kind === "crash" ? run : { ...run, error: run.state.error ?? "" };
    }
  }

  async runActivity({ name, instanceId, input }: ActivityCall): Promise<ActivityResult> {
    if (name === HTTP_ACTIVITY) return runHttpActivity(input);
    const fn = this.#functions.get(`${TRIGGERS.activity}/${name.toLowerCase()}`);
    if (fn === undefined) return activityFailure(name, new Error(`the app registers no activity "${name}"`));
    const data = toActivityInput(input);
    const triggerMetadata: Record<string, RpcTypedData> = { instanceId: { string: instanceId }, data: data ?? {} };
    try {
      const { response, value } = await withTimeout(this.#clock, this.#timeoutMs, fn.name, () =>
        this.#worker.invoke({ fn, input: data, triggerMetadata }),
      );
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

  async runEntity(name: string, payload: string): Promise<EntityAnswer> {
    const fn = this.#functions.get(`${TRIGGERS.entity}/${name.toLowerCase()}`);
    if (fn === undefined) throw new Error(`the app registers no entity "${name}"`);
    const { response } = await withTimeout(this.#clock, this.#timeoutMs, fn.name, () =>
      this.#worker.invoke({ fn, input: { string: payload } }),
    );
    return JSON.parse(response.returnValue?.json ?? "{}") as EntityAnswer;
  }
}

function toRun(text: string, context: InvocationContext | undefined, value: unknown): OrchestratorRun {
  const state = JSON.parse(text) as Partial<OrchestratorState>;
  if (!Array.isArray(state.actions)) {
    return {
      kind: "crash",
      message: cutMessage("it did not return the state of an orchestration: register it with df.app.orchestration"),
    };
  }
  const openTasks = readOpenTasks(context);
  const jsonLoss = findLoss(value);
  return {
    kind: "state",
    state: state as OrchestratorState,
    text,
    ...(openTasks === undefined ? {} : { openTasks }),
    ...(jsonLoss === undefined ? {} : { jsonLoss }),
  };
}

interface SdkInternals {
  readonly taskOrchestratorExecutor?: {
    readonly openTasks?: Readonly<Record<string, { readonly id: unknown; readonly actionObj?: unknown }>>;
  };
}

/** Not part of the SDK's public shape, so its absence switches the check off. */
function readOpenTasks(context: InvocationContext | undefined): readonly SdkTask[] | undefined {
  const open = (context?.df as SdkInternals | undefined)?.taskOrchestratorExecutor?.openTasks;
  if (open === undefined) return undefined;
  return Object.entries(open)
    .flatMap(([key, task]) => {
      const action = task.actionObj as { actionType?: number; functionName?: string; isCanceled?: boolean } | undefined;
      // Answers of entities are waited for by a name, and a cancelled timer is waited for by nobody.
      if (!/^\d+$/.test(key) || action?.isCanceled === true) return [];
      return [{ id: Number(key), actionType: action?.actionType, name: action?.functionName }];
    })
    .filter(({ actionType }) => actionType !== CALL_ENTITY);
}

const CALL_ENTITY = 7;

function findLoss(value: unknown): string | undefined {
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

function findLossInActions(actions: readonly Action[]): string | undefined {
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
