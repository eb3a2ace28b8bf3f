import { UserError } from "../../kit/userError.ts";
import { provideCoreModule } from "../internals/coreModuleHook.ts";
import type { LogLevel } from "../log.ts";
import { Hooks } from "./hooks.ts";
import type { Hook } from "./hooks.ts";
import type { Binding, FunctionCallback, FunctionMetadata, ProgrammingModel, RpcLogCategory } from "./rpc.ts";

export interface RegisteredFunction {
  readonly name: string;
  readonly metadata: FunctionMetadata;
  readonly bindings: readonly Binding[];
  readonly trigger: Binding;
  readonly callback: FunctionCallback;
}

const HOST_VERSION = "4.1048.200";
const WORKER_VERSION = "3.11.0";

/**
 * The module `@azure/functions-core`, which no package contains: the worker provides it. There is one per process,
 * because `@azure/functions` asks for it once and keeps it.
 * https://github.com/Azure/azure-functions-nodejs-worker/blob/v4.x/src/setupCoreModule.ts
 */
export class CoreModule {
  readonly functions = new Map<string, RegisteredFunction>();
  readonly hooks = new Hooks();
  readonly #log: (level: LogLevel, category: RpcLogCategory, message: string) => void;
  #model: ProgrammingModel | undefined;
  #locked = false;

  constructor(log: (level: LogLevel, category: RpcLogCategory, message: string) => void) {
    this.#log = log;
  }

  get model(): ProgrammingModel | undefined {
    return this.#model;
  }

  /** Answers `require("@azure/functions-core")` from now on. Must come before the first import of app code. */
  install(): void {
    provideCoreModule(this.#surface());
  }

  lock(): void {
    this.#locked = true;
  }

  #surface(): object {
    return {
      version: WORKER_VERSION,
      hostVersion: HOST_VERSION,
      Disposable,
      registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) => this.#register(metadata, callback),
      registerHook: (name: string, hook: Hook) => new Disposable(this.hooks.add(name, hook)),
      setProgrammingModel: (model: ProgrammingModel) => (this.#model = model),
      getProgrammingModel: () => this.#model,
      log: this.#log,
    };
  }

  #register(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
    if (this.#locked) throw new Error("A function can only be registered during app startup.");
    const { name } = metadata;
    if ([...this.functions.keys()].some((known) => known.toLowerCase() === name.toLowerCase())) {
      throw new UserError("DuplicateFunction", `Two functions are registered with the name "${name}"`, {
        hint: "Give each function its own name; case does not matter.",
      });
    }
    // The real host receives bindings as JSON, so what JSON drops is dropped here too.
    const bindings = Object.entries(metadata.bindings).map(
      ([key, binding]) => JSON.parse(JSON.stringify({ ...binding, name: key })) as Binding,
    );
    const trigger = bindings.find((binding) => /trigger$/i.test(binding.type));
    if (trigger === undefined) throw new UserError("NoTrigger", `Function "${name}" has no trigger`);
    this.functions.set(name, { name, metadata, bindings, trigger, callback });
    return new Disposable(() => this.functions.delete(name));
  }
}

class Disposable {
  #dispose: (() => unknown) | undefined;

  constructor(dispose: () => unknown) {
    this.#dispose = dispose;
  }

  static from(...others: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => others.forEach((other) => other.dispose()));
  }

  dispose(): unknown {
    const dispose = this.#dispose;
    this.#dispose = undefined;
    return dispose?.();
  }
}
