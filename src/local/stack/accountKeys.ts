import { randomBytes } from "node:crypto";
import { readJsonFile, writeJsonFile } from "../kit/jsonFile.ts";
import type { DataFolder } from "./dataFolder.ts";

/** Keys of the stack's accounts, in base64. */
interface AccountKeys {
  readonly batch: string;
  /** Used only if storage is to be private. */
  readonly storage: string;
}

/** As long as the keys that Azure makes. */
const KEY_BYTES = 64;

/** Random for each data folder and kept there, because the state of the services refers to them. */
export function accountKeys(folder: DataFolder): AccountKeys {
  const kept = readJsonFile<Partial<AccountKeys> | null>(folder.keys);
  const keys = { batch: kept?.batch ?? "", storage: kept?.storage ?? "" };
  if (isKey(keys.batch) && isKey(keys.storage)) return keys;
  const made = { batch: newKey(), storage: newKey() };
  writeJsonFile(folder.keys, made);
  return made;
}

function newKey(): string {
  return randomBytes(KEY_BYTES).toString("base64");
}

function isKey(text: unknown): boolean {
  return typeof text === "string" && Buffer.from(text, "base64").length === KEY_BYTES;
}
