import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { azuriteConnectionString, startAzurite } from "../src/local/azurite/azurite.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Connection string of the storage that all files of the run share. */
    readonly sharedAzurite: string;
  }
}

/** One Azurite for all files that are content with containers and queues of their own: each start takes a second. */
export default async function startSharedAzurite({ provide }: TestProject): Promise<() => Promise<void>> {
  const data = mkdtempSync(join(tmpdir(), "mp3drop-"));
  const azurite = await startAzurite({
    folder: join(data, "azurite"),
    logFile: join(data, "azurite.log"),
    ports: { blob: 0, queue: 0, table: 0 },
    env: process.env,
  });
  provide("sharedAzurite", azuriteConnectionString(azurite.ready));
  return async () => {
    await azurite.stop();
    rmSync(data, { recursive: true, force: true });
  };
}
