import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../kit/userError.ts";
import { systemClock } from "../../kit/clock.ts";
import { errorMessage, errorText } from "../../kit/errorText.ts";
import type { Logger } from "../log.ts";
import { readBindingValues } from "./bindingValues.ts";
import { callWithHooks } from "./callWithHooks.ts";
import { CoreModule } from "./coreModule.ts";
import type { RegisteredFunction } from "./coreModule.ts";
import { findEntryFiles } from "./entryFiles.ts";
import { NO_EXTRA_BINDINGS } from "./extraBindings.ts";
import type { ExtraBindings } from "./extraBindings.ts";
import type { HookScope, LogLine } from "./hooks.ts";
import { loadEntryFile } from "./loadEntryFile.ts";
import { withListenersOnLoopback } from "../internals/listenOnLoopback.ts";
import { findStreamServer } from "../internals/streamServer.ts";
import type { StreamServer } from "../internals/streamServer.ts";
import { readRetryPolicy, retryContext } from "./retryPolicy.ts";
import type { RetryPolicy } from "./retryPolicy.ts";
import { supportedFunctions } from "./supportedBindings.ts";
import type {
  Binding,
  CoreInvocationContext,
  FunctionCallback,
  InvocationContext,
  ProgrammingModel,
  RpcInvocationResponse,
  RpcRetryContext,
  RpcTypedData,
} from "./rpc.ts";
import { withTimeout } from "./timeout.ts";

interface Invocation {
  readonly fn: RegisteredFunction;
  readonly input: RpcTypedData | null;
  /** Passed to the handler as it is, in place of what `input` would become: spares the detour through JSON. */
  readonly value?: unknown;
  /** Data of the other input bindings, by binding type. */
  readonly extraInputs?: Readonly<Record<string, RpcTypedData>>;
  readonly triggerMetadata?: Readonly<Record<string, RpcTypedData>>;
  readonly invocationId?: string;
  readonly retryContext?: RpcRetryContext;
  /** Drops what the function logs, for a second run of the same turn. */
  readonly muted?: boolean;
  /** Shows the context that the handler is about to get. */
  readonly onContext?: (context: InvocationContext) => void;
}

export interface InvocationResult {
  readonly response: RpcInvocationResponse;
  /** What the handler returned, before any conversion. */
  readonly value: unknown;
}

const CLOCK = systemClock();

/** The capabilities that the host offers; the library may add `HttpUri`. */
const CAPABILITIES = [
  "RawHttpBodyBytes",
  "RpcHttpTriggerMetadataRemoved",
  "RpcHttpBodyOnly",
  "IgnoreEmptyValuedRpcHttpHeaders",
  "UseNullableValueDictionaryForHttp",
  "WorkerStatus",
  "TypedDataCollection",
  "HandlesWorkerTerminateMessage",
];

/** The function app, loaded into this process and called as the real Node worker calls it. */
export class Worker {
  readonly #core: CoreModule;
  readonly #log: Logger;
  readonly #timeoutMs: number;
  readonly #model: ProgrammingModel;
  readonly #extraBindings: ExtraBindings;
  readonly #stopping = new AbortController();
  /** Those of the app's that this host can run. */
  readonly functions: readonly RegisteredFunction[];
  /** What takes streamed HTTP requests; undefined if the app has not switched streaming on. */
  readonly streams: StreamServer | undefined;

  private constructor(
    core: CoreModule,
    functions: readonly RegisteredFunction[],
    log: Logger,
    timeoutMs: number,
    model: ProgrammingModel,
    streams: StreamServer | undefined,
    extraBindings: ExtraBindings,
  ) {
    this.#core = core;
    this.functions = functions;
    this.#timeoutMs = timeoutMs;
    this.#log = log;
    this.#model = model;
    this.streams = streams;
    this.#extraBindings = extraBindings;
  }

  /** At most once per process: modules load, and functions register, only once. */
  static async load(
    appFolder: string,
    log: Logger,
    timeoutMs: number,
    extraBindings: ExtraBindings = NO_EXTRA_BINDINGS,
  ): Promise<Worker> {
    const core = new CoreModule((level, _category, message) =>
      // What the library says about itself helps only those who maintain it.
      log.write(level === "information" ? "debug" : level, "Worker", message),
    );
    core.install();
    for (const file of findEntryFiles(appFolder)) await loadEntryFile(appFolder, file);
    await core.hooks.run("appStart", { ...core.hooks.appScope, functionAppDirectory: appFolder });
    core.lock();
    if (core.model === undefined || core.functions.size === 0) {
      throw new UserError("NoFunctions", `The app in ${appFolder} registers no function`, {
        hint: 'Register functions with the v4 model, for example app.http("name", { handler }).',
      });
    }
    const { model } = core;
    const functions = supportedFunctions([...core.functions.values()], log);
    const capabilities = Object.fromEntries(CAPABILITIES.map((name) => [name, "true"]));
    const { result, servers } = await withListenersOnLoopback(() => model.getCapabilities(capabilities));
    const streams = result["HttpUri"] === undefined ? undefined : findStreamServer(servers);
    return new Worker(core, functions, log, timeoutMs, model, streams, extraBindings);
  }

  /**
   * Rejects with whatever the handler threw, or if it takes longer than `functionTimeout` in host.json; where the function
   * has a retry policy, with the last of its failures.
   */
  invoke(invocation: Invocation): Promise<InvocationResult> {
    const { fn } = invocation;
    const policy = readRetryPolicy(fn);
    // The library's own server has already answered a streamed request that has failed.
    const isStreamed = fn.trigger.type === "httpTrigger" && this.streams !== undefined;
    return policy === undefined || isStreamed ? this.#attempt(invocation) : this.#retry(invocation, policy);
  }

  async #retry(invocation: Invocation, policy: RetryPolicy): Promise<InvocationResult> {
    const { fn } = invocation;
    let failure: unknown;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#attempt({ ...invocation, retryContext: retryContext(policy, attempt, failure) });
      } catch (error) {
        failure = error;
        if (attempt >= policy.maxRetryCount || this.#stopping.signal.aborted) throw error;
        this.#log.write("warning", `Function.${fn.name}`, `Attempt ${attempt + 1} failed: ${errorMessage(error)}`);
      }
      await sleep(policy.delayMs(attempt), undefined, { signal: this.#stopping.signal }).catch(() => {
        throw failure;
      });
    }
  }

  #attempt(invocation: Invocation): Promise<InvocationResult> {
    const { name, trigger } = invocation.fn;
    // Orchestrators never wait, so there is nothing to time.
    const limit = trigger.type === "orchestrationTrigger" ? Number.POSITIVE_INFINITY : this.#timeoutMs;
    return withTimeout(CLOCK, limit, name, () => this.#invoke(invocation));
  }

  async #invoke(invocation: Invocation): Promise<InvocationResult> {
    const scope = this.#core.hooks.newScope();
    const extra = invocation.fn.bindings.filter((binding) => this.#extraBindings.has(binding));
    const values =
      extra.length === 0 ? undefined : readBindingValues(invocation.input, invocation.triggerMetadata ?? {});
    const read = new Map<Binding, RpcTypedData | null>();
    for (const binding of extra) {
      if (values === undefined || binding.direction !== "in") continue;
      read.set(binding, await this.#extraBindings.read(binding, values));
    }
    const context = this.#coreContext(invocation, scope, read);
    const model = this.#model.getInvocationModel(context);
    const { context: invocationContext, inputs } = await model.getArguments();
    scope.invocationContext = invocationContext;
    invocation.onContext?.(invocationContext);
    const call = (callback: FunctionCallback, given: unknown[]): Promise<unknown> =>
      model.invokeFunction(invocationContext, given, callback);
    try {
      const given = invocation.value === undefined ? inputs : [invocation.value];
      const value = await callWithHooks(this.#core.hooks, { fn: invocation.fn, context, scope, inputs: given, call });
      const response = await model.getResponse(invocationContext, value);
      for (const binding of extra) {
        if (values === undefined || binding.direction !== "out") continue;
        const data = outputOf(response, binding);
        if (data !== undefined && data !== null) await this.#extraBindings.write(binding, data, values);
      }
      return { response, value };
    } catch (error) {
      throw error ?? new Error(`Function ${invocation.fn.name} threw ${String(error)}`);
    } finally {
      this.#release(context, scope);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    try {
      await this.#core.hooks.run("appTerminate", { ...this.#core.hooks.appScope });
    } catch (cause) {
      this.#log.write("error", "Worker", `A hook for the end of the app failed: ${errorText(cause)}`);
      throw new UserError("HookFailed", `A hook for the end of the app failed: ${errorMessage(cause)}`, { cause });
    }
  }

  #coreContext(
    { fn, input, extraInputs = {}, triggerMetadata = {}, ...rest }: Invocation,
    scope: HookScope,
    read: ReadonlyMap<Binding, RpcTypedData | null>,
  ): CoreInvocationContext {
    const invocationId = rest.invocationId ?? randomUUID();
    const inputData = fn.bindings
      .filter((binding) => binding.direction === "in")
      .map((binding) => ({
        name: binding.name,
        data: binding === fn.trigger ? input : (read.get(binding) ?? extraInputs[binding.type] ?? null),
      }));
    return {
      invocationId,
      request: {
        invocationId,
        functionId: fn.name,
        inputData,
        triggerMetadata,
        // As on a real host without Application Insights.
        traceContext: { traceParent: "", traceState: "", attributes: {} },
        ...(rest.retryContext === undefined ? {} : { retryContext: rest.retryContext }),
      },
      metadata: fn.metadata,
      state: undefined,
      log: this.#logOf(fn.name, rest.muted === true, scope),
    };
  }

  /** Holds on to nothing else of the invocation. */
  #logOf(functionName: string, muted: boolean, scope: HookScope): CoreInvocationContext["log"] {
    return (level, category, message) => {
      if (!muted) this.#write(functionName, { level, category, message }, scope);
    };
  }

  /**
   * Lets go of what the invocation was made of. The library has the context in weak maps, where it can outlive a collection
   * of what is young.
   */
  #release(context: CoreInvocationContext, scope: HookScope): void {
    context.state = undefined;
    context.request.inputData.length = 0;
    // Log hooks get it even for what a function logs when it has ended.
    if (!this.#core.hooks.has("log")) scope.invocationContext = undefined;
  }

  #write(functionName: string, logged: LogLine, scope: HookScope): void {
    const own = `Function.${functionName}`;
    const { level, category, message } = this.#core.hooks.filter(logged, scope, (error) =>
      this.#log.write("warning", own, `A log hook of the app failed: ${String(error)}`),
    );
    this.#log.write(level, category === "user" ? `${own}.User` : own, message);
  }
}

function outputOf(response: RpcInvocationResponse, { name }: Binding): RpcTypedData | null | undefined {
  return name === "$return" ? response.returnValue : response.outputData?.find((output) => output.name === name)?.data;
}
