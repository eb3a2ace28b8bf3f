import { createRequire } from "node:module";

/** For storage in a SQL database and for telemetry: both are switched off here, and take 40 % of the time to start. */
const UNUSED_PACKAGES = ["sequelize", "applicationinsights"];

/** Preloaded into Azurite: puts something in their place that may be imported and extended, but not used. */
const azurite = createRequire(process.argv[1] ?? import.meta.url);

for (const name of UNUSED_PACKAGES) {
  const id = azurite.resolve(name);
  const { cache } = azurite;
  cache[id] = {
    id,
    filename: id,
    path: id,
    paths: [],
    exports: standIn(name),
    loaded: true,
  } as unknown as NodeJS.Module;
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
