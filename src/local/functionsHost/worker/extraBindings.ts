import type { BindingValues } from "./bindingValues.ts";
import type { Binding, RpcTypedData } from "./rpc.ts";

/** Bindings that fetch or keep something besides what the trigger brings. */
export interface ExtraBindings {
  has(binding: Binding): boolean;
  /** Null if there is nothing to be read. */
  read(binding: Binding, values: BindingValues): Promise<RpcTypedData | null>;
  write(binding: Binding, data: RpcTypedData, values: BindingValues): Promise<void>;
}

export const NO_EXTRA_BINDINGS: ExtraBindings = {
  has: () => false,
  read: () => Promise.resolve(null),
  write: () => Promise.resolve(),
};
