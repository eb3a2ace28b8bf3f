import type { TestProject } from "vitest/node";
import { startTemporaryAzurite } from "./temporaryAzurite.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Connection string of the storage that all files of the run share. */
    readonly sharedAzurite: string;
  }
}

/** One Azurite for all files that are content with containers and queues of their own: each start takes a second. */
export default async function startSharedAzurite({ provide }: TestProject): Promise<() => Promise<void>> {
  const azurite = await startTemporaryAzurite();
  provide("sharedAzurite", azurite.connectionString);
  return () => azurite.stop();
}
