import { setTimeout as delay } from "node:timers/promises";
import { BlobServiceClient } from "@azure/storage-blob";
import { normalizeETag } from "../../../src/model/conversion.ts";
import { conversionIdOf } from "../../../src/model/identity.ts";
import type { StackConnection } from "../../../src/local/stack/stackState.ts";
import type { Content, Plan } from "./plan.ts";

/** One version of one video that is in the input container, or was. */
export interface Upload {
  readonly name: string;
  readonly eTag: string;
  readonly conversionId: string;
  readonly content: Content;
}

const CONTAINER = "input";
const RETRY_MS = 250;
/** A second delivery may come while the first one is being handled, or long after the conversion has ended. */
const SECOND_DELIVERY_AFTER_MS = [0, 15_000] as const;

interface UploadingOptions {
  /** The host gets no events. */
  readonly isPolling: boolean;
  readonly signal: AbortSignal;
  readonly onUploaded: (upload: Upload) => void;
  readonly count: (fault: string) => void;
}

/** Uploads and deletes at the planned times and sends the host events as Event Grid does. Resolves once all are delivered. */
export async function uploadAll(
  planned: Plan["steps"],
  connection: StackConnection,
  bytesOf: (content: Content) => Promise<Buffer>,
  { isPolling, signal, onUploaded, count }: UploadingOptions,
): Promise<void> {
  const container = BlobServiceClient.fromConnectionString(connection.storage.connectionString).getContainerClient(
    CONTAINER,
  );
  const telling: Promise<void>[] = [];
  const startedAt = performance.now();
  for (const [index, step] of planned.entries()) {
    const { name, content, atMs } = step;
    await delay(Math.max(0, atMs - (performance.now() - startedAt)), undefined, { signal });
    if (content === null) {
      await container.deleteBlob(name);
      count("video deleted");
      continue;
    }
    const bytes = await bytesOf(content);
    const { etag } = await container.getBlockBlobClient(name).upload(bytes, bytes.length);
    const eTag = normalizeETag(etag ?? "");
    onUploaded({ name, eTag, content, conversionId: conversionIdOf("mp3", { container: CONTAINER, name, eTag }) });
    if (isPolling) continue;
    if (step.delivery !== "once") count(step.delivery === "never" ? "event lost" : "event delivered twice");
    if (step.delivery === "never") continue;
    const tell = (): Promise<void> => deliverEvent(connection, { name, eTag }, signal);
    telling.push(tell());
    if (step.delivery === "twice") {
      telling.push(delay(SECOND_DELIVERY_AFTER_MS[index % 2], undefined, { signal }).then(tell));
    }
  }
  await Promise.all(telling);
}

/** Event Grid delivers an event again until it is accepted. */
async function deliverEvent(
  { functions }: StackConnection,
  { name, eTag }: Pick<Upload, "name" | "eTag">,
  signal: AbortSignal,
): Promise<void> {
  const url = `${functions.url}/runtime/webhooks/blobs?functionName=Host.Functions.convertOnUpload`;
  const subject = `/blobServices/default/containers/${CONTAINER}/blobs/${name}`;
  const body = JSON.stringify([{ eventType: "Microsoft.Storage.BlobCreated", subject, data: { eTag } }]);
  for (;;) {
    try {
      const { ok } = await fetch(url, { method: "POST", body, signal });
      if (ok) return;
    } catch {
      signal.throwIfAborted();
    }
    await delay(RETRY_MS, undefined, { signal });
  }
}
