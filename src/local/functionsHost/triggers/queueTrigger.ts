import type { AppSettings } from "../settingReferences.ts";
import { readConnectionString, resolveSettings } from "../settingReferences.ts";
import type { Clock } from "../../kit/clock.ts";
import { errorText } from "../../kit/errorText.ts";
import type { HostSettings } from "../hostJson.ts";
import type { Logger } from "../log.ts";
import type { RegisteredFunction } from "../worker/coreModule.ts";
import type { RpcTypedData } from "../worker/rpc.ts";
import type { Worker } from "../worker/worker.ts";
import { Queue } from "./queue.ts";
import type { QueueMessage } from "./queue.ts";
import { parseConnectionString } from "./connectionString.ts";
import type { StorageAccount } from "./connectionString.ts";

interface QueueTriggerOptions {
  readonly fn: RegisteredFunction;
  readonly worker: Worker;
  readonly settings: AppSettings;
  readonly limits: HostSettings["queues"];
  readonly extraInputs: () => Readonly<Record<string, RpcTypedData>>;
  readonly clock: Clock;
  readonly pollMs: number;
  readonly log: Logger;
}

/** How long a message is hidden from others while its function runs. */
const VISIBILITY_TIMEOUT_SECONDS = 600;

/** Takes messages from a queue; one that fails too often goes to `<queue>-poison`. */
export class QueueTrigger {
  readonly #options: QueueTriggerOptions;
  readonly #account: StorageAccount;
  readonly #queue: Queue;
  #cancel: () => void = () => undefined;
  #isStopped = false;
  #isFailing = false;

  constructor(options: QueueTriggerOptions) {
    const { fn, settings } = options;
    const where = `Function ${fn.name}`;
    const { queueName = "", connection = "AzureWebJobsStorage" } = fn.trigger as {
      queueName?: string;
      connection?: string;
    };
    const name = resolveSettings(connection, settings, where);
    this.#options = options;
    this.#account = parseConnectionString(readConnectionString(name, settings, where), name);
    this.#queue = new Queue(this.#account, resolveSettings(queueName, settings, where));
  }

  start(): void {
    void this.#poll();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  async #poll(): Promise<void> {
    const { clock, pollMs, limits } = this.#options;
    let found = 0;
    try {
      const messages = await this.#queue.take(limits.batchSize, VISIBILITY_TIMEOUT_SECONDS);
      found = messages.length;
      await Promise.all(messages.map((message) => this.#process(message)));
      this.#isFailing = false;
    } catch (error) {
      this.#noticeOutage(error);
    }
    if (!this.#isStopped) this.#cancel = clock.after(found > 0 ? 0 : pollMs, () => void this.#poll());
  }

  /** Says so once when polling starts to fail, not at every poll. */
  #noticeOutage(error: unknown): void {
    if (this.#isFailing || this.#isStopped) return;
    this.#isFailing = true;
    this.#log("warning", `Cannot read the queue "${this.#queue.name}", still trying: ${errorText(error)}`);
  }

  async #process(message: QueueMessage): Promise<void> {
    if (this.#isStopped) return;
    const { fn, worker, extraInputs, limits } = this.#options;
    const text = Buffer.from(message.text, "base64").toString("utf8");
    try {
      const triggerMetadata = metadataOf(message, text);
      await worker.invoke({ fn, input: { string: text }, extraInputs: extraInputs(), triggerMetadata });
      await this.#queue.delete(message);
    } catch (error) {
      this.#log("error", errorText(error));
      if (message.dequeueCount < limits.maxDequeueCount) return this.#queue.release(message);
      const poison = new Queue(this.#account, `${this.#queue.name}-poison`);
      await poison.create();
      await poison.put(text);
      await this.#queue.delete(message);
    }
  }

  #log(level: "warning" | "error", message: string): void {
    this.#options.log.write(level, `Function.${this.#options.fn.name}`, message);
  }
}

function metadataOf(message: QueueMessage, text: string): Record<string, RpcTypedData> {
  return {
    QueueTrigger: { string: text },
    Id: { string: message.id },
    DequeueCount: { json: String(message.dequeueCount) },
    PopReceipt: { string: message.popReceipt },
    InsertionTime: { json: JSON.stringify(new Date(message.insertedAt)) },
    ExpirationTime: { json: JSON.stringify(new Date(message.expiresAt)) },
  };
}
