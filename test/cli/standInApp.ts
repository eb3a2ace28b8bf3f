import { createServer } from "node:http";
import { join } from "node:path";
import type { BlobServiceClient, ContainerClient } from "@azure/storage-blob";
import { BlobServiceClient as StorageClient } from "@azure/storage-blob";
import { onTestFinished } from "vitest";
import type { ConversionRecord, ConversionView } from "../../src/model/conversion.ts";
import { normalizeETag } from "../../src/model/conversion.ts";
import { conversionIdOf } from "../../src/model/identity.ts";
import { mp3 as workload } from "../../src/workloads/mp3/index.ts";
import { resultNamesFor } from "../../src/workloads/resultNames.ts";
import { azuriteConnectionString, startAzurite } from "../../src/local/azurite/azurite.ts";
import { createContainers } from "../../src/local/azurite/containers.ts";
import { listen } from "../../src/local/kit/listen.ts";
import { LOOPBACK } from "../../src/local/kit/loopback.ts";

export interface TestStorage {
  readonly connectionString: string;
  readonly storage: BlobServiceClient;
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** Real storage with the two containers that people see, and no app. */
export async function startStorage(data: string): Promise<TestStorage> {
  const azurite = await startAzurite({
    folder: join(data, "azurite"),
    logFile: join(data, "azurite.log"),
    ports: { blob: 0, queue: 0, table: 0 },
    env: process.env,
  });
  const connectionString = azuriteConnectionString(azurite.ready);
  await createContainers(connectionString, ["input", "output"]);
  const storage = StorageClient.fromConnectionString(connectionString);
  const clear = async (): Promise<void> => {
    for (const container of ["input", "output"].map((name) => storage.getContainerClient(name))) {
      for await (const { name } of container.listBlobsFlat()) await container.deleteBlob(name);
    }
  };
  return { connectionString, storage, clear, stop: () => azurite.stop() };
}

interface StandInApp {
  readonly url: string;
  /** Ends the conversion of the newest version of the blob, as the app would. */
  finish(mp4Name: string, error?: ConversionRecord["error"]): Promise<ConversionRecord>;
}

/**
 * Answers `GET /api/conversions/{id}`, one step further each time, and writes the record after the last step. The blobs
 * in `failing` turn out to have no audio.
 */
export async function startStandInApp(
  storage: BlobServiceClient,
  failing: readonly string[] = [],
): Promise<StandInApp> {
  const input = storage.getContainerClient("input");
  const output = storage.getContainerClient("output");
  const looks = new Map<string, number>();
  const finish: StandInApp["finish"] = (name, error = null) => publish(input, output, name, error);

  const view = async (id: string): Promise<ConversionView | undefined> => {
    for await (const { name, properties } of input.listBlobsFlat()) {
      const source = { container: "input", name, eTag: normalizeETag(properties.etag) };
      if (conversionIdOf("mp3", source) !== id) continue;
      const look = looks.get(id) ?? 0;
      looks.set(id, look + 1);
      const phase = (["preparing", "waiting", "converting", "publishing"] as const)[look];
      if (look === 4) await finish(name, failing.includes(name) ? NO_AUDIO : null);
      return {
        id,
        status: phase === undefined ? "succeeded" : "running",
        phase: phase ?? "finished",
        percent: phase === "converting" ? 50 : null,
        waitReason: phase === "waiting" ? "all nodes are busy" : null,
        waitingSince: null,
        workload: "mp3",
        input: source,
        attempt: 1,
        createdAt: "2026-01-01T00:00:00.000Z",
        updatedAt: "2026-01-01T00:00:00.000Z",
        record: null,
      };
    }
    return undefined;
  };

  const server = createServer((request, response) => {
    const id = /^\/api\/conversions\/(\w+)$/.exec(request.url ?? "")?.[1] ?? "";
    void view(id).then((found) => {
      response.writeHead(found === undefined ? 404 : 200, { connection: "close" }).end(JSON.stringify(found));
    });
  });
  onTestFinished(() => void server.close());
  return { url: `http://${LOOPBACK}:${await listen(server, { port: 0 })}`, finish };
}

const NO_AUDIO = {
  code: "NoAudioStream",
  message: "The video has no audio stream",
  hint: "There is nothing to convert.",
  logBlob: null,
} as const;

/** The MP3 of the stand-in holds the name of its video. */
async function publish(
  input: ContainerClient,
  output: ContainerClient,
  name: string,
  error: ConversionRecord["error"],
): Promise<ConversionRecord> {
  const { etag, contentLength } = await input.getBlobClient(name).getProperties();
  const blob = { container: "input", name, eTag: normalizeETag(etag ?? "") };
  const names = resultNamesFor(workload, name);
  const mp3Name = names.result;
  const mp3 = `MP3 of ${name}`;
  const sizeBytes = Buffer.byteLength(mp3);
  if (error === null) await output.getBlockBlobClient(mp3Name).upload(mp3, sizeBytes);
  const record: ConversionRecord = {
    schemaVersion: 1,
    status: error === null ? "succeeded" : "failed",
    conversionId: conversionIdOf("mp3", blob),
    workload: "mp3",
    input: { ...blob, sizeBytes: contentLength ?? 0, durationSeconds: 1, audioStream: null },
    output:
      error === null
        ? {
            container: "output",
            name: mp3Name,
            url: output.getBlobClient(mp3Name).url,
            sizeBytes,
            durationSeconds: 1,
            bitrateKbps: 192,
          }
        : null,
    error,
    times: {
      startedAt: "2026-01-01T00:00:00.000Z",
      submittedAt: null,
      convertingAt: null,
      convertedAt: null,
      recordedAt: "2026-01-01T00:00:02.000Z",
    },
    attempts: 1,
    batch: null,
    tools: {},
  };
  const text = JSON.stringify(record);
  await output.getBlockBlobClient(names.record).upload(text, Buffer.byteLength(text));
  return record;
}
