import { azurite, patch } from "./patch.ts";

/** For metadata in an SQL database and for telemetry; the stack uses neither. */
const UNUSED_PACKAGES = ["sequelize", "applicationinsights"];

/**
 * Azurite loads all its packages at the start, and the unused ones take 40 % of that time. This puts stand-ins in their
 * place, which can be imported and extended but not used.
 *
 * Relies on: Azurite loads them by `require`, and while starting does no more with them than that.
 * Seen with: Azurite 3.35.0 (3.31.0 does without applicationinsights).
 * If it goes: Azurite starts more slowly.
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
    // A class that is extended needs a prototype; every other member is as unusable as the whole.
    get: (target, member) => (member === "prototype" ? (target.prototype as unknown) : nothing),
    apply: refuse,
    construct: refuse,
  });
  return nothing;
}
