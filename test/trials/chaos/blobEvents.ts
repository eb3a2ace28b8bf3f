import { setTimeout as delay } from "node:timers/promises";
import type { StackConnection } from "../../../src/local/stack/stackState.ts";
import type { ChaosStack } from "./chaosStack.ts";
import type { Delivery } from "./plan.ts";

interface CreatedBlob {
  readonly container: string;
  readonly name: string;
  readonly eTag: string;
}

const RETRY_MS = 250;
/** A second delivery may come while the first one is being handled, or long after the conversion has ended. */
const SECOND_DELIVERY_AFTER_MS = [0, 15_000] as const;

/** Tells a function of new blobs, as Event Grid does, which loses events and delivers them twice. */
export class BlobEvents {
  readonly #stack: ChaosStack;
  readonly #functionName: string;
  readonly #what: string;
  readonly #signal: AbortSignal;
  readonly #telling: Promise<void>[] = [];

  /** `what` names the events where faults are counted. */
  constructor(stack: ChaosStack, functionName: string, what: string, signal: AbortSignal) {
    this.#stack = stack;
    this.#functionName = functionName;
    this.#what = what;
    this.#signal = signal;
  }

  tell(blob: CreatedBlob, delivery: Delivery): void {
    if (delivery !== "once") this.#stack.count(`${this.#what} ${delivery === "never" ? "lost" : "delivered twice"}`);
    if (delivery === "never") return;
    const tell = (): Promise<void> => deliver(this.#stack.connection, this.#functionName, blob, this.#signal);
    this.#keep(tell());
    if (delivery === "once") return;
    const laterMs = SECOND_DELIVERY_AFTER_MS[this.#telling.length % 2];
    this.#keep(delay(laterMs, undefined, { signal: this.#signal }).then(tell));
  }

  /** Resolves once all events so far are delivered. */
  async delivered(): Promise<void> {
    await Promise.all(this.#telling);
  }

  /** When the trial is aborted, nobody may be waiting for it. */
  #keep(telling: Promise<void>): void {
    telling.catch(() => {});
    this.#telling.push(telling);
  }
}

/** An event is delivered again until it is accepted. */
async function deliver(
  { functions }: StackConnection,
  functionName: string,
  { container, name, eTag }: CreatedBlob,
  signal: AbortSignal,
): Promise<void> {
  const url = `${functions.url}/runtime/webhooks/blobs?functionName=Host.Functions.${functionName}`;
  const subject = `/blobServices/default/containers/${container}/blobs/${name}`;
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
