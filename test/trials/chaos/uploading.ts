import { setTimeout as delay } from "node:timers/promises";
import type { ContainerClient } from "@azure/storage-blob";
import { normalizeETag } from "../../../src/model/conversion.ts";
import { conversionIdOf } from "../../../src/model/identity.ts";
import { BlobEvents } from "./blobEvents.ts";
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
  readonly #events: BlobEvents;

  constructor(stack: ChaosStack, bytesOf: (content: Content) => Promise<Buffer>, options: UploadingOptions) {
    this.#stack = stack;
    this.#bytesOf = bytesOf;
    this.#options = options;
    this.#container = containerOf(stack.connection, "input");
    this.#events = new BlobEvents(stack, "convertOnUpload", "event", options.signal);
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
    if (!this.#options.isPolling) this.#events.tell({ container: "input", name, eTag }, delivery);
    return upload;
  }

  /** Resolves once all events are delivered. */
  async delivered(): Promise<void> {
    await this.#events.delivered();
  }
}
