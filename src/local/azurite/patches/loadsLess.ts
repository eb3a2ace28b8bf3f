import { azurite, patch } from "./patch.ts";

/** For metadata in an SQL database, and for telemetry: the stack uses neither. */
const UNUSED_PACKAGES = ["sequelize", "applicationinsights"];

/**
 * Azurite loads all its packages when it starts, and the unused ones take 40 % of that time. This puts a stand-in in
 * their place, which may be imported and extended but not used.
 *
 * Inner part: Azurite loads them by `require`, and does no more with them than that while it starts.
 * Seen with Azurite 3.35.0; 3.31.0 has no applicationinsights.
 * Without it: Azurite starts more slowly.
 */
for (const name of UNUSED_PACKAGES) {
  patch(`loadsLess of ${name}`, () => {
    const id = azurite.resolve(name);
    const module = { id, filename: id, path: id, paths: [], exports: standIn(name), loaded: true };
    azurite.cache[id] = module as unknown as NodeJS.Module;
  });
}

function standIn(name: string): unknown {
  const refuse = (): never => {
    throw new Error(`Azurite runs without its package ${name}`);
  };
  const nothing: object = new Proxy(function nothing() {}, {
    // What is extended needs a prototype; every other member is as unusable as the whole.
    get: (target, member) => (member === "prototype" ? (target.prototype as unknown) : nothing),
    apply: refuse,
    construct: refuse,
  });
  return nothing;
}
