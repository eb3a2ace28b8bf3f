import { rmSync } from "node:fs";
import type { DataFolder } from "./dataFolder.ts";
import { lockHolder, refuseOthersFolder } from "./dataFolder.ts";
import { readJsonFile, writeJsonFile } from "../kit/jsonFile.ts";

/** Settings of the running app that others, who may have another environment, have to go by. */
export type AppSettings = Readonly<
  Record<"INPUT_CONTAINER" | "OUTPUT_CONTAINER" | "WORKLOADS" | "BATCH_POOL_ID" | "BATCH_JOB_ID", string>
>;

/** Everything a client needs; also what `local --json` prints. */
export interface StackConnection {
  readonly storage: { readonly connectionString: string };
  readonly batch: { readonly endpoint: string; readonly accountName: string; readonly accountKey: string };
  readonly functions: { readonly url: string };
  /** What the app was told of where things are and what it makes. Stacks of older versions do not say. */
  readonly settings?: AppSettings;
  readonly data: string;
}

/** Which port each service listened on. */
export interface StackPorts {
  readonly blob: number;
  readonly queue: number;
  readonly table: number;
  readonly batch: number;
  readonly functions: number;
}

interface StackFile {
  readonly pid: number;
  readonly connection: StackConnection;
}

/** Lets other processes find the stack of this one. The returned function hides it again. */
export function announceStack(folder: DataFolder, connection: StackConnection): () => void {
  writeJsonFile(folder.stack, { pid: process.pid, connection } satisfies StackFile);
  return () => rmSync(folder.stack, { force: true });
}

/**
 * The stack that is up and ready on the folder, if any; what a dead process left behind does not count. Throws if the
 * folder belongs to another user.
 */
export function findAnnouncedStack(folder: DataFolder): StackConnection | undefined {
  refuseOthersFolder(folder);
  const file = readJsonFile<StackFile>(folder.stack);
  return file !== undefined && file.pid === lockHolder(folder)?.pid ? file.connection : undefined;
}

export function readLastPorts(folder: DataFolder): Partial<StackPorts> {
  return readJsonFile<Partial<StackPorts>>(folder.ports) ?? {};
}

export function saveLastPorts(folder: DataFolder, ports: StackPorts): void {
  writeJsonFile(folder.ports, ports);
}
