import type { DequeuedMessageItem, QueueClient } from "@azure/storage-queue";
import type { AppSettings } from "../settingReferences.ts";
import { resolveSettings } from "../settingReferences.ts";
import type { Cancel, Clock } from "../../kit/clock.ts";
import { errorText } from "../../kit/errorText.ts";
import type { HostSettings } from "../hostJson.ts";
import type { Logger } from "../log.ts";
import { openConnection } from "../storage/connections.ts";
import { decodeMessage } from "../storage/messageEncoding.ts";
import type { RegisteredFunction } from "../worker/coreModule.ts";
import type { RpcTypedData } from "../worker/rpc.ts";
import { propertiesOf } from "../worker/triggerMetadata.ts";
import type { Worker } from "../worker/worker.ts";

interface QueueTriggerOptions {
  readonly fn: RegisteredFunction;
  readonly worker: Pick<Worker, "invoke">;
  readonly settings: AppSettings;
  readonly limits: HostSettings["queues"];
  readonly extraInputs: () => Readonly<Record<string, RpcTypedData>>;
  readonly clock: Clock;
  readonly pollMs: number;
  readonly log: Logger;
}

/** How long a message is hidden from others while its function runs; prolonged at half time. */
const LEASE_SECONDS = 600;

export async function createQueueTrigger(options: QueueTriggerOptions): Promise<QueueTrigger> {
  const { fn, settings } = options;
  const where = `Function ${fn.name}`;
  const account = await openConnection(fn.trigger, settings, where).queues();
  const name = (suffix: string): string =>
    `${resolveSettings(String(fn.trigger["queueName"]), settings, where)}${suffix}`;
  return new QueueTrigger(options, account.getQueueClient(name("")), account.getQueueClient(name("-poison")));
}

/** Takes messages from a queue; one that cannot be decoded or fails too often goes to `<queue>-poison`. */
export class QueueTrigger {
  readonly fn: RegisteredFunction;
  readonly #options: QueueTriggerOptions;
  readonly #queue: QueueClient;
  readonly #poison: QueueClient;
  #cancel: () => void = () => undefined;
  #running = 0;
  #isWaitingForRoom = false;
  #isStopped = false;
  #isFailing = false;

  constructor(options: QueueTriggerOptions, queue: QueueClient, poison: QueueClient) {
    this.fn = options.fn;
    this.#options = options;
    this.#queue = queue;
    this.#poison = poison;
  }

  start(): void {
    void this.#poll();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  /** By hand, without a message in the queue. Rejects as the function does. */
  async run(text: string): Promise<void> {
    await this.#invoke(text, { QueueTrigger: { string: text } });
  }

  async #poll(): Promise<void> {
    const { clock, pollMs, limits } = this.#options;
    let found = 0;
    try {
      const options = { numberOfMessages: Math.min(limits.batchSize, 32), visibilityTimeout: LEASE_SECONDS };
      const { receivedMessageItems: messages } = await this.#queue.receiveMessages(options);
      found = messages.length;
      for (const message of messages) void this.#take(message);
      this.#isFailing = false;
    } catch (error) {
      this.#noticeOutage(error);
    }
    if (this.#isStopped) return;
    if (this.#running > limits.newBatchThreshold) {
      this.#isWaitingForRoom = true;
      return;
    }
    const pauseMs = found > 0 ? 0 : Math.min(pollMs, limits.maxPollingIntervalMs);
    this.#cancel = clock.after(pauseMs, () => void this.#poll());
  }

  /** Says so once when polling starts to fail, not at every poll. A missing queue may still come. */
  #noticeOutage(error: unknown): void {
    if (this.#isFailing || this.#isStopped || isMissing(error)) return;
    this.#isFailing = true;
    this.#log("warning", `Cannot read the queue "${this.#queue.name}", still trying: ${errorText(error)}`);
  }

  async #take(message: DequeuedMessageItem): Promise<void> {
    if (this.#isStopped) return;
    this.#running++;
    const lease = new Lease(this.#queue, message, this.#options.clock);
    try {
      await this.#process(message, lease);
    } catch (error) {
      if (!isMissing(error)) this.#noticeOutage(error);
    } finally {
      lease.end();
      this.#running--;
    }
    if (!this.#isWaitingForRoom || this.#isStopped || this.#running > this.#options.limits.newBatchThreshold) return;
    this.#isWaitingForRoom = false;
    void this.#poll();
  }

  async #process(message: DequeuedMessageItem, lease: Lease): Promise<void> {
    const { limits } = this.#options;
    const { messageId, messageText, dequeueCount } = message;
    const text = decodeMessage(messageText, limits.messageEncoding);
    if (text === undefined) {
      this.#log("error", `Message decoding has failed! Check MessageEncoding settings. MessageId=${messageId}.`);
      await this.#giveUp(message, lease);
      return;
    }
    try {
      await this.#invoke(text, metadataOf(message, text));
    } catch (error) {
      this.#log("error", errorText(error));
      if (dequeueCount >= limits.maxDequeueCount) await this.#giveUp(message, lease);
      else await lease.release(Math.ceil(limits.visibilityTimeoutMs / 1000));
      return;
    }
    await lease.delete();
  }

  /** The text goes on as it came. */
  async #giveUp({ messageText }: DequeuedMessageItem, lease: Lease): Promise<void> {
    await this.#poison.createIfNotExists();
    await this.#poison.sendMessage(messageText);
    this.#log("warning", `A message is in the queue ${this.#poison.name}`);
    await lease.delete();
  }

  async #invoke(text: string, triggerMetadata: Record<string, RpcTypedData>): Promise<void> {
    const { fn, worker, extraInputs } = this.#options;
    await worker.invoke({ fn, input: { string: text }, extraInputs: extraInputs(), triggerMetadata });
  }

  #log(level: "warning" | "error", message: string): void {
    this.#options.log.write(level, `Function.${this.#options.fn.name}`, message);
  }
}

/** The claim on a message while its function runs. */
class Lease {
  readonly #queue: QueueClient;
  readonly #id: string;
  readonly #clock: Clock;
  #receipt: string;
  #cancel: Cancel;
  #prolonging: Promise<void> = Promise.resolve();

  constructor(queue: QueueClient, { messageId, popReceipt }: DequeuedMessageItem, clock: Clock) {
    this.#queue = queue;
    this.#id = messageId;
    this.#receipt = popReceipt;
    this.#clock = clock;
    this.#cancel = this.#arm();
  }

  end(): void {
    this.#cancel();
  }

  async release(afterSeconds: number): Promise<void> {
    this.end();
    await this.#prolonging;
    await this.#hide(afterSeconds);
  }

  async delete(): Promise<void> {
    this.end();
    await this.#prolonging;
    await this.#queue.deleteMessage(this.#id, this.#receipt);
  }

  #arm(): Cancel {
    return this.#clock.after((LEASE_SECONDS / 2) * 1000, () => {
      // If it fails, the message may be delivered again, as on Azure.
      this.#prolonging = this.#hide(LEASE_SECONDS).catch(() => undefined);
      this.#cancel = this.#arm();
    });
  }

  async #hide(seconds: number): Promise<void> {
    const { popReceipt } = await this.#queue.updateMessage(this.#id, this.#receipt, undefined, seconds);
    this.#receipt = popReceipt ?? this.#receipt;
  }
}

function isMissing(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 404;
}

function metadataOf(message: DequeuedMessageItem, text: string): Record<string, RpcTypedData> {
  const { messageId, dequeueCount, popReceipt, insertedOn, expiresOn, nextVisibleOn } = message;
  return {
    QueueTrigger: { string: text },
    DequeueCount: { json: String(dequeueCount) },
    ExpirationTime: time(expiresOn),
    Id: { string: messageId },
    InsertionTime: time(insertedOn),
    NextVisibleTime: time(nextVisibleOn),
    PopReceipt: { string: popReceipt },
    ...propertiesOf(text),
  };
}

/** As .NET writes it, in whole seconds. */
function time(value: Date): RpcTypedData {
  return { json: JSON.stringify(`${value.toISOString().slice(0, 19)}+00:00`) };
}
