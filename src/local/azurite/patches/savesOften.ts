import { createRequire } from "node:module";

interface Database {
  autosaveInterval: number;
  autosaveEnable: (this: Database, ...args: unknown[]) => void;
}

/** Azurite's own interval is 5 s, and it has no option for it. */
const SAVE_EVERY_MS = 500;

/**
 * Preloaded into Azurite, which keeps what it knows of its blobs in memory and writes it down now and then: what was
 * uploaded since is lost when it is killed. This makes "since" a tenth of what it was.
 */
const azurite = createRequire(process.argv[1] ?? import.meta.url);
const { prototype } = azurite("lokijs") as { prototype: Database };
const { autosaveEnable } = prototype;

prototype.autosaveEnable = function enableOften(this: Database, ...args: unknown[]) {
  this.autosaveInterval = SAVE_EVERY_MS;
  autosaveEnable.apply(this, args);
};
