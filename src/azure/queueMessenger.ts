import type { QueueClient } from "@azure/storage-queue";
import type { StorageSettings } from "../config.ts";
import type { Delivery, Messenger } from "../services.ts";
import { withoutSecrets } from "../model/redact.ts";
import { entraCredential } from "./credential.ts";
import { isRestError } from "./storageErrors.ts";

/** For all repetitions of a request together. */
const TIMEOUT_MS = 20_000;
/** Only for what passes at once: whoever tells tries again, for hours. */
const OPTIONS = { retryOptions: { maxTries: 3, retryDelayInMs: 300, maxRetryDelayInMs: 1_000 } };
/** A message stays until somebody takes it: by default it would go after seven days. */
const FOR_EVER = { messageTimeToLive: -1 };

/**
 * Puts each event into a storage queue, and makes the queue if there is none. In Base64, as the queue trigger of Azure
 * Functions expects it and as Event Grid writes it.
 */
export function createQueueMessenger(storage: StorageSettings, queueName: string): Messenger {
  let client: Promise<QueueClient> | undefined;
  return {
    async send(event) {
      const text = Buffer.from(JSON.stringify(event)).toString("base64");
      try {
        const queue = await (client ??= connect(storage, queueName));
        const options = { ...FOR_EVER, abortSignal: AbortSignal.timeout(TIMEOUT_MS) };
        try {
          await queue.sendMessage(text, options);
        } catch (error) {
          if (!isRestError(error) || error.statusCode !== 404) throw error;
          await queue.createIfNotExists({ abortSignal: options.abortSignal });
          await queue.sendMessage(text, options);
        }
        return { status: "taken" };
      } catch (error) {
        return explain(queueName, error);
      }
    },
  };
}

/** The library loads with the first message. */
async function connect(
  { connectionString, queueServiceUri, clientId }: StorageSettings,
  queueName: string,
): Promise<QueueClient> {
  const { QueueServiceClient } = await import("@azure/storage-queue");
  const account =
    connectionString === undefined
      ? new QueueServiceClient(queueServiceUri ?? "", entraCredential(clientId), OPTIONS)
      : QueueServiceClient.fromConnectionString(connectionString, OPTIONS);
  return account.getQueueClient(queueName);
}

/** Only what is wrong with the message itself will never be taken: a missing role can be given. */
function explain(queueName: string, error: unknown): Exclude<Delivery, { readonly status: "taken" }> {
  const httpStatus = (isRestError(error) && error.statusCode) || null;
  const code = (isRestError(error) && error.code) || (error instanceof Error ? error.name : "");
  const message = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  const reason = withoutSecrets(
    `Queue ${queueName} did not take it: ${[httpStatus, code, message].filter(Boolean).join(": ")}`,
  );
  const isFinal = httpStatus === 400 || httpStatus === 413;
  return { status: isFinal ? "refused" : "unavailable", httpStatus, reason, retryAfterSeconds: 0 };
}
