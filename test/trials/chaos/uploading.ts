import { setTimeout as delay } from "node:timers/promises";
import type { ContainerClient } from "@azure/storage-blob";
import { normalizeETag } from "../../../src/model/conversion.ts";
import { conversionIdOf } from "../../../src/model/identity.ts";
import type { StackConnection } from "../../../src/local/stack/stackState.ts";
import type { ChaosStack } from "./chaosStack.ts";
import { containerOf } from "./containers.ts";
import type { Content, Delivery, Plan } from "./plan.ts";

/** One version of one video that is in the input container, or was. */
export interface Upload {
  readonly name: string;
  readonly eTag: string;
  readonly conversionId: string;
  readonly content: Content;
}

const RETRY_MS = 250;
/** A second delivery may come while the first one is being handled, or long after the conversion has ended. */
const SECOND_DELIVERY_AFTER_MS = [0, 15_000] as const;

interface UploadingOptions {
  /** The host gets no events. */
  readonly isPolling: boolean;
  readonly signal: AbortSignal;
}

/** Puts videos into the input container of a trial and tells the host of them, as Event Grid does. */
export class Uploading {
  /** In order of time. */
  readonly uploads: Upload[] = [];
  readonly #stack: ChaosStack;
  readonly #bytesOf: (content: Content) => Promise<Buffer>;
  readonly #options: UploadingOptions;
  readonly #container: ContainerClient;
  readonly #telling: Promise<void>[] = [];

  constructor(stack: ChaosStack, bytesOf: (content: Content) => Promise<Buffer>, options: UploadingOptions) {
    this.#stack = stack;
    this.#bytesOf = bytesOf;
    this.#options = options;
    this.#container = containerOf(stack.connection, "input");
  }

  /** Uploads and deletes at the planned times. */
  async runPlan(planned: Plan["steps"]): Promise<void> {
    const startedAt = performance.now();
    for (const step of planned) {
      await delay(Math.max(0, step.atMs - (performance.now() - startedAt)), undefined, this.#options);
      if (step.content === null) {
        // Not to be found if the answer to a first try was lost.
        await this.#container.getBlobClient(step.name).deleteIfExists();
        this.#stack.count("video deleted");
      } else {
        await this.upload(step.name, step.content, step.delivery);
      }
    }
  }

  async upload(name: string, content: Content, delivery: Delivery): Promise<Upload> {
    const bytes = await this.#bytesOf(content);
    const { etag = "" } = await this.#container.getBlockBlobClient(name).upload(bytes, bytes.length);
    this.#stack.uploaded();
    return this.announce(name, normalizeETag(etag), content, delivery);
  }

  /** Tells the host of a version that is in the storage. */
  announce(name: string, eTag: string, content: Content, delivery: Delivery = "once"): Upload {
    const conversionId = conversionIdOf("mp3", { container: "input", name, eTag });
    const upload = { name, eTag, content, conversionId };
    this.uploads.push(upload);
    if (!this.#options.isPolling) this.#tell(upload, delivery);
    return upload;
  }

  /** Resolves once all events are delivered. */
  async delivered(): Promise<void> {
    await Promise.all(this.#telling);
  }

  #tell(upload: Upload, delivery: Delivery): void {
    const { signal } = this.#options;
    if (delivery !== "once") this.#stack.count(delivery === "never" ? "event lost" : "event delivered twice");
    if (delivery === "never") return;
    const tell = (): Promise<void> => deliverEvent(this.#stack.connection, upload, signal);
    this.#telling.push(tell());
    if (delivery === "once") return;
    const laterMs = SECOND_DELIVERY_AFTER_MS[this.#telling.length % 2];
    this.#telling.push(delay(laterMs, undefined, { signal }).then(tell));
  }
}

/** Event Grid delivers an event again until it is accepted. */
async function deliverEvent(
  { functions }: StackConnection,
  { name, eTag }: Pick<Upload, "name" | "eTag">,
  signal: AbortSignal,
): Promise<void> {
  const url = `${functions.url}/runtime/webhooks/blobs?functionName=Host.Functions.convertOnUpload`;
  const subject = `/blobServices/default/containers/input/blobs/${name}`;
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
