import type { LogLevel } from "../log.ts";
import type { InvocationContext, RpcLogCategory } from "./rpc.ts";

const HOOK_NAMES = ["preInvocation", "postInvocation", "appStart", "appTerminate", "log"] as const;
type HookName = (typeof HOOK_NAMES)[number];

/** Gets an object that depends on the hook, and may change some of it. */
export type Hook = (context: never) => unknown;

/** What the hooks of one scope share: one invocation, or the start and the end of the app. */
export interface HookScope {
  readonly hookData: object;
  readonly appHookData: object;
  invocationContext: InvocationContext | undefined;
}

export interface LogLine {
  readonly level: LogLevel;
  readonly category: RpcLogCategory;
  readonly message: string;
}

/** https://learn.microsoft.com/azure/azure-functions/functions-reference-node#hooks */
export class Hooks {
  /** By name; a name that is not there has none. */
  readonly #hooks = new Map<string, readonly Hook[]>();
  readonly #appHookData = {};
  readonly appScope = this.newScope();

  newScope(): HookScope {
    return { hookData: {}, appHookData: this.#appHookData, invocationContext: undefined };
  }

  /** Returns what removes the hook again. */
  add(name: string, hook: Hook): () => void {
    if (!(HOOK_NAMES as readonly string[]).includes(name)) {
      throw Object.assign(new RangeError(`Unrecognized hook "${name}"`), { isAzureFunctionsSystemError: true });
    }
    this.#hooks.set(name, [...this.#of(name), hook]);
    return () => {
      const others = this.#of(name).filter((other) => other !== hook);
      if (others.length > 0) this.#hooks.set(name, others);
      else this.#hooks.delete(name);
    };
  }

  has(name: HookName): boolean {
    return this.#hooks.has(name);
  }

  async run(name: Exclude<HookName, "log">, context: object): Promise<void> {
    for (const hook of this.#of(name)) await hook(context as never);
  }

  /**
   * The line as the hooks leave it: they may change what the app itself logs. `onFailure` learns of one that throws.
   */
  filter(line: LogLine, scope: HookScope, onFailure: (error: unknown) => void): LogLine {
    if (!this.has("log")) return line;
    const context = { ...scope, ...line };
    try {
      for (const hook of this.#of("log")) hook(context as never);
    } catch (error) {
      onFailure(error);
      return line;
    }
    return line.category === "user" ? context : line;
  }

  #of(name: string): readonly Hook[] {
    return this.#hooks.get(name) ?? [];
  }
}
