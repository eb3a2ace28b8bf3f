import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { azuriteConnectionString, startAzurite } from "../src/local/azurite/azurite.ts";
import { blobNewsIn } from "../src/local/azurite/news.ts";

interface TemporaryAzurite {
  readonly connectionString: string;
  readonly blobNewsFile: string;
  /** Removes its data, too. */
  stop(): Promise<void>;
}

/** Real storage in a temporary folder, on ports of its own. */
export async function startTemporaryAzurite(): Promise<TemporaryAzurite> {
  const data = mkdtempSync(join(tmpdir(), "mp3drop-"));
  const folder = join(data, "azurite");
  const azurite = await startAzurite({
    folder,
    logFile: join(data, "azurite.log"),
    ports: { blob: 0, queue: 0, table: 0 },
    env: process.env,
  });
  return {
    connectionString: azuriteConnectionString(azurite.ready),
    blobNewsFile: blobNewsIn(folder),
    async stop() {
      await azurite.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
