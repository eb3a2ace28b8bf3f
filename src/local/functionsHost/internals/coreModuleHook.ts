import Module from "node:module";

interface Requiring {
  require: (this: unknown, id: string) => unknown;
}

/**
 * Makes `require("@azure/functions-core")` give the module passed in, to every caller. This is how `@azure/functions`
 * finds its host: no package contains that module, and the real worker provides it in the same way.
 *
 * Relies on: Node calls `Module.prototype.require` for every `require` in a CommonJS module.
 * Seen with: @azure/functions 4.0.0 to 4.16.5, on Node 20 to 24.
 * If it goes: an app registers nothing, and the host refuses to start (NoFunctions).
 */
export function provideCoreModule(core: object): void {
  const prototype = Module.prototype as unknown as Requiring;
  const { require: original } = prototype;
  prototype.require = function require(this: unknown, id: string): unknown {
    return id === "@azure/functions-core" ? core : original.call(this, id);
  };
}
