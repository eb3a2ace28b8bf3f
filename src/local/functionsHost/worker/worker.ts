import { randomUUID } from "node:crypto";
import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { UserError } from "../../kit/userError.ts";
import { systemClock } from "../../kit/clock.ts";
import { LOOPBACK } from "../../kit/loopback.ts";
import type { Logger } from "../log.ts";
import { CoreModule } from "./coreModule.ts";
import type { RegisteredFunction } from "./coreModule.ts";
import { findEntryFiles } from "./entryFiles.ts";
import { withListenersOnLoopback } from "./loopback.ts";
import type {
  CoreInvocationContext,
  InvocationContext,
  InvocationModel,
  ProgrammingModel,
  RpcInvocationResponse,
  RpcTypedData,
} from "./rpc.ts";
import { withTimeout } from "./timeout.ts";

export interface Invocation {
  readonly fn: RegisteredFunction;
  readonly input: RpcTypedData | null;
  /** Given to the handler as it is, in place of what `input` would become: spares a way through JSON. */
  readonly value?: unknown;
  /** Data of the other input bindings, by binding type. */
  readonly extraInputs?: Readonly<Record<string, RpcTypedData>>;
  readonly triggerMetadata?: Readonly<Record<string, RpcTypedData>>;
  readonly invocationId?: string;
  /** Drops what the function logs: for a second run of the same orchestrator turn. */
  readonly muted?: boolean;
  /** Shows the context that the handler is about to get. */
  readonly onContext?: (context: InvocationContext) => void;
}

export interface InvocationResult {
  readonly response: RpcInvocationResponse;
  /** What the handler returned, before any conversion. */
  readonly value: unknown;
}

/** What the host starts its capabilities from; the app's library may add `HttpUri`. */
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
  readonly #appHookData = {};
  /** Where the library takes streamed HTTP requests; absent when the app did not switch streaming on. */
  readonly httpUri: string | undefined;

  private constructor(
    core: CoreModule,
    log: Logger,
    timeoutMs: number,
    model: ProgrammingModel,
    httpUri: string | undefined,
  ) {
    this.#core = core;
    this.#timeoutMs = timeoutMs;
    this.#log = log;
    this.#model = model;
    this.httpUri = httpUri;
  }

  /** At most once per process: modules are loaded, and functions registered, only once. */
  static async load(appFolder: string, log: Logger, timeoutMs: number): Promise<Worker> {
    const core = new CoreModule((level, _category, message) =>
      // What the library tells about itself is of use to nobody but those who mend it.
      log.write(level === "information" ? "debug" : level, "Worker", message),
    );
    core.install();
    for (const file of findEntryFiles(appFolder)) await loadEntryFile(appFolder, file);
    await core.runHooks("appStart", { hookData: {}, appHookData: {}, functionAppDirectory: appFolder });
    core.lock();
    if (core.model === undefined || core.functions.size === 0) {
      throw new UserError("NoFunctions", `The app in ${appFolder} registers no function`, {
        hint: 'Register functions with the v4 model, for example app.http("name", { handler }).',
      });
    }
    const { model } = core;
    const capabilities = Object.fromEntries(CAPABILITIES.map((name) => [name, "true"]));
    const { HttpUri } = await withListenersOnLoopback(() => model.getCapabilities(capabilities));
    return new Worker(core, log, timeoutMs, model, HttpUri?.replace("//localhost:", `//${LOOPBACK}:`));
  }

  get functions(): readonly RegisteredFunction[] {
    return [...this.#core.functions.values()];
  }

  /** Rejects with whatever the handler threw, or when it takes longer than `functionTimeout` of host.json. */
  async invoke(invocation: Invocation): Promise<InvocationResult> {
    const { name, trigger } = invocation.fn;
    // Orchestrators never wait, so there is nothing to time.
    const limit = trigger.type === "orchestrationTrigger" ? Number.POSITIVE_INFINITY : this.#timeoutMs;
    return withTimeout(systemClock(), limit, name, () => this.#invoke(invocation));
  }

  async #invoke(invocation: Invocation): Promise<InvocationResult> {
    const { fn } = invocation;
    const context = this.#coreContext(invocation);
    const model = this.#model.getInvocationModel(context);
    const { context: invocationContext, inputs: converted } = await model.getArguments();
    const inputs = invocation.value === undefined ? converted : [invocation.value];
    invocation.onContext?.(invocationContext);
    const { value, error, failed } = await this.#run(fn, context, model, invocationContext, inputs);
    if (failed) throw error;
    return { response: await model.getResponse(invocationContext, value), value };
  }

  async stop(): Promise<void> {
    await this.#core.runHooks("appTerminate", { hookData: {}, appHookData: this.#appHookData });
  }

  async #run(
    fn: RegisteredFunction,
    context: CoreInvocationContext,
    model: InvocationModel,
    invocationContext: InvocationContext,
    inputs: unknown[],
  ): Promise<{ value: unknown; error: unknown; failed: boolean }> {
    const shared = { hookData: {}, appHookData: this.#appHookData, invocationContext };
    context.state = "preInvocationHooks";
    const before = { ...shared, functionCallback: fn.callback, inputs };
    if (this.#core.hasHooks("preInvocation")) await this.#core.runHooks("preInvocation", before);

    context.state = "invocation";
    const after: { result: unknown; error: unknown; inputs: unknown[] } = {
      inputs: before.inputs,
      result: null,
      error: null,
    };
    try {
      after.result = await model.invokeFunction(invocationContext, before.inputs, before.functionCallback);
    } catch (error) {
      after.error = error ?? new Error(`Function ${fn.name} threw ${String(error)}`);
    }

    context.state = "postInvocationHooks";
    const hook = Object.assign(after, shared);
    if (this.#core.hasHooks("postInvocation")) await this.#core.runHooks("postInvocation", hook);
    return { value: hook.result, error: hook.error, failed: hook.error !== null && hook.error !== undefined };
  }

  #coreContext({ fn, input, extraInputs = {}, triggerMetadata = {}, ...rest }: Invocation): CoreInvocationContext {
    const invocationId = rest.invocationId ?? randomUUID();
    const inputData = fn.bindings
      .filter((binding) => binding.direction === "in")
      .map((binding) => ({
        name: binding.name,
        data: binding === fn.trigger ? input : (extraInputs[binding.type] ?? null),
      }));
    return {
      invocationId,
      request: { invocationId, functionId: fn.name, inputData, triggerMetadata },
      metadata: fn.metadata,
      state: undefined,
      log: (level, category, message) => {
        if (!rest.muted) {
          this.#log.write(level, category === "user" ? `Function.${fn.name}.User` : `Function.${fn.name}`, message);
        }
      },
    };
  }
}

async function loadEntryFile(appFolder: string, file: string): Promise<void> {
  try {
    await import(pathToFileURL(file).href);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(
      "EntryFileFailed",
      `${relative(appFolder, file)} of the function app failed to load: ${message}`,
      {
        cause,
        hint: firstFrame(cause),
      },
    );
  }
}

function firstFrame(cause: unknown): string {
  const frame =
    cause instanceof Error ? cause.stack?.split("\n").find((line) => /^\s+at .*(file:|\/|\\)/.test(line)) : undefined;
  return `Mend the app and start again${frame === undefined ? "." : `; it was thrown ${frame.trim()}.`}`;
}
