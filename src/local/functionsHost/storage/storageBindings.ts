import type { BlobServiceClient } from "@azure/storage-blob";
import type { QueueServiceClient } from "@azure/storage-queue";
import type { MessageEncoding } from "../hostJson.ts";
import type { AppSettings } from "../settingReferences.ts";
import { resolveSettings } from "../settingReferences.ts";
import { fillIn } from "../worker/bindingValues.ts";
import type { BindingValues } from "../worker/bindingValues.ts";
import type { RegisteredFunction } from "../worker/coreModule.ts";
import type { ExtraBindings } from "../worker/extraBindings.ts";
import type { Binding, RpcTypedData } from "../worker/rpc.ts";
import { blobReference } from "./blobReference.ts";
import { openConnection } from "./connections.ts";
import type { StorageConnection } from "./connections.ts";
import { encodeMessage } from "./messageEncoding.ts";
import { toBlob, toMessages } from "./outputData.ts";

/** A binding with its settings resolved; `{expressions}` are left in its place. */
interface StorageBinding {
  readonly connection: StorageConnection;
  /** `container/blob`, or the name of a queue. */
  readonly place: string;
}

/** Blobs as inputs and outputs, and queues as outputs. */
export class StorageBindings implements ExtraBindings {
  readonly #settings: AppSettings;
  readonly #encoding: MessageEncoding;
  readonly #known = new Map<Binding, StorageBinding>();

  constructor(settings: AppSettings, encoding: MessageEncoding) {
    this.#settings = settings;
    this.#encoding = encoding;
  }

  /** Throws a `UserError` for a connection that is not set up or a setting that is not there. */
  async prepare(functions: readonly RegisteredFunction[]): Promise<void> {
    for (const fn of functions) {
      for (const binding of fn.bindings.filter((other) => this.has(other))) {
        const where = `Function ${fn.name}`;
        const { path, queueName } = binding as { path?: string; queueName?: string };
        const place = resolveSettings(path ?? queueName ?? "", this.#settings, where);
        const connection = openConnection(binding, this.#settings, where);
        await (binding.type === "blob" ? connection.blobs() : connection.queues());
        this.#known.set(binding, { connection, place });
      }
    }
  }

  has({ type, direction }: Binding): boolean {
    return type === "blob" || (type === "queue" && direction === "out");
  }

  async read(binding: Binding, values: BindingValues): Promise<RpcTypedData | null> {
    const { connection, container, name } = this.#blob(binding, values);
    if (binding.properties?.supportsDeferredBinding === "true") return blobReference(connection.name, container, name);
    const service = await connection.blobs();
    const bytes = await bytesOf(service, container, name);
    if (bytes === undefined) return null;
    return binding["dataType"] === "binary" ? { bytes } : { string: bytes.toString("utf8") };
  }

  async write(binding: Binding, data: RpcTypedData, values: BindingValues): Promise<void> {
    if (binding.type === "blob") {
      const { connection, container, name } = this.#blob(binding, values);
      await putBlob(await connection.blobs(), container, name, toBlob(data));
      return;
    }
    const { connection, place } = this.#find(binding);
    const queueName = fillIn(place, values, new Date());
    const messages = toMessages(data).map((bytes) => encodeMessage(bytes, this.#encoding));
    await putMessages(await connection.queues(), queueName, messages);
  }

  #blob(binding: Binding, values: BindingValues): { connection: StorageConnection; container: string; name: string } {
    const { connection, place } = this.#find(binding);
    const path = fillIn(place, values, new Date());
    const slash = path.indexOf("/");
    if (slash < 1 || slash === path.length - 1) throw new Error(`The blob path "${path}" is not "container/blob"`);
    return { connection, container: path.slice(0, slash), name: path.slice(slash + 1) };
  }

  #find(binding: Binding): StorageBinding {
    const found = this.#known.get(binding);
    if (found === undefined) throw new Error(`The binding ${binding.name} was not there at the start`);
    return found;
  }
}

async function bytesOf(service: BlobServiceClient, container: string, name: string): Promise<Buffer | undefined> {
  try {
    return await service.getContainerClient(container).getBlobClient(name).downloadToBuffer();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The container is made only where it turns out to be missing. */
async function putBlob(service: BlobServiceClient, container: string, name: string, bytes: Buffer): Promise<void> {
  const client = service.getContainerClient(container);
  const put = (): Promise<unknown> => client.getBlockBlobClient(name).uploadData(bytes);
  await createdIfMissing(put, () => client.createIfNotExists());
}

async function putMessages(service: QueueServiceClient, name: string, messages: readonly string[]): Promise<void> {
  const queue = service.getQueueClient(name);
  for (const message of messages) {
    const put = (): Promise<unknown> => queue.sendMessage(message);
    await createdIfMissing(put, () => queue.createIfNotExists());
  }
}

async function createdIfMissing(put: () => Promise<unknown>, create: () => Promise<unknown>): Promise<void> {
  try {
    await put();
  } catch (error) {
    if (!isMissing(error)) throw error;
    await create();
    await put();
  }
}

function isMissing(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 404;
}
