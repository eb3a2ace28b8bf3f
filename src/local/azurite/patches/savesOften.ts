import { azurite, patch } from "./patch.ts";

interface Loki {
  readonly prototype?: Partial<Database>;
}

interface Database {
  autosaveInterval: number;
  autosaveEnable: (this: Database, ...args: unknown[]) => void;
}

const SAVE_EVERY_MS = 500;

/**
 * Azurite keeps its lists of blobs, messages and entities in memory and saves them every 5 s, which no option changes.
 * Whatever came after the last save is lost if it is killed. This makes it save ten times as often.
 *
 * Relies on: `autosaveEnable` and `autosaveInterval` of lokijs, Azurite's database.
 * Seen with: Azurite 3.31.0 to 3.35.0 (lokijs 1.5.12).
 * If it goes: a kill loses up to 5 s of uploads.
 */
patch("savesOften", () => {
  const { prototype } = azurite("lokijs") as Loki;
  const { autosaveEnable } = prototype ?? {};
  if (prototype === undefined || autosaveEnable === undefined) throw new Error("lokijs has no autosaveEnable");
  prototype.autosaveEnable = function enableOften(this: Database, ...args: unknown[]) {
    this.autosaveInterval = SAVE_EVERY_MS;
    autosaveEnable.apply(this, args);
  };
});
