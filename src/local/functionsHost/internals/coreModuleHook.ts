import Module from "node:module";

interface Requiring {
  require: (this: unknown, id: string) => unknown;
}

/**
 * Answers `require("@azure/functions-core")`, in whatever package it stands, with the given module. `@azure/functions`
 * finds its host in this way and no other: no package has that module, the real worker puts it in place just so.
 *
 * Inner part: Node calls `Module.prototype.require` for every `require` of a CommonJS module.
 * Seen with @azure/functions 4.0.0 to 4.16.5, on Node 20 to 24.
 * Without it: an app registers nothing, and the host refuses to start (NoFunctions).
 */
export function provideCoreModule(core: object): void {
  const prototype = Module.prototype as unknown as Requiring;
  const { require: original } = prototype;
  prototype.require = function require(this: unknown, id: string): unknown {
    return id === "@azure/functions-core" ? core : original.call(this, id);
  };
}
