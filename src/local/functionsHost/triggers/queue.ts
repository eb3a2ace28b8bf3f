import { signRequest } from "./requestSigning.ts";
import type { StorageAccount } from "./connectionString.ts";

export interface QueueMessage {
  readonly id: string;
  readonly popReceipt: string;
  readonly dequeueCount: number;
  /** As it was enqueued, usually base64. */
  readonly text: string;
  readonly insertedAt: string;
  readonly expiresAt: string;
}

/** The few operations of the Queue service that the host needs. https://learn.microsoft.com/rest/api/storageservices/queue-service-rest-api */
export class Queue {
  readonly name: string;
  readonly #account: StorageAccount;

  constructor(account: StorageAccount, name: string) {
    this.#account = account;
    this.name = name;
  }

  /** Succeeds if the queue is there already. */
  async create(): Promise<void> {
    await this.#send("PUT", "", {}, "", [201, 204]);
  }

  /** Encodes the text as base64, which Functions expects. */
  async put(text: string): Promise<void> {
    const message = `<QueueMessage><MessageText>${Buffer.from(text).toString("base64")}</MessageText></QueueMessage>`;
    await this.#send("POST", "/messages", {}, message, [201]);
  }

  /** Empty if there is no such queue. */
  async take(count: number, visibilityTimeoutSeconds: number): Promise<readonly QueueMessage[]> {
    const query = { numofmessages: String(count), visibilitytimeout: String(visibilityTimeoutSeconds) };
    const response = await this.#send("GET", "/messages", query, "", [200, 404]);
    if (response.status === 404) return [];
    const text = await response.text();
    return [...text.matchAll(/<QueueMessage>(.*?)<\/QueueMessage>/gs)].map(([, xml = ""]) => ({
      id: element(xml, "MessageId"),
      popReceipt: element(xml, "PopReceipt"),
      dequeueCount: Number(element(xml, "DequeueCount")),
      text: element(xml, "MessageText"),
      insertedAt: element(xml, "InsertionTime"),
      expiresAt: element(xml, "ExpirationTime"),
    }));
  }

  /** Makes the message visible at once, for another attempt. */
  async release({ id, popReceipt, text }: QueueMessage): Promise<void> {
    const body = `<QueueMessage><MessageText>${text}</MessageText></QueueMessage>`;
    await this.#send("PUT", `/messages/${id}`, { popreceipt: popReceipt, visibilitytimeout: "0" }, body, [204, 404]);
  }

  async delete({ id, popReceipt }: QueueMessage): Promise<void> {
    await this.#send("DELETE", `/messages/${id}`, { popreceipt: popReceipt }, "", [204, 404]);
  }

  async #send(
    method: string,
    path: string,
    query: Readonly<Record<string, string>>,
    body: string,
    accepted: readonly number[],
  ): Promise<Response> {
    const url = new URL(`${this.#account.queueEndpoint}/${this.name}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const headers = signRequest(this.#account, method, url, body, new Date());
    const response = await fetch(url, { method, headers, ...(body === "" ? {} : { body }) });
    if (accepted.includes(response.status)) return response;
    throw new Error(
      `${method} on the queue ${this.name} answered ${response.status}: ${element(await response.text(), "Code")}`,
    );
  }
}

function element(xml: string, name: string): string {
  const text = new RegExp(`<${name}>(.*?)</${name}>`, "s").exec(xml)?.[1] ?? "";
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}
