import { UserError } from "../../local/kit/userError.ts";
import type { Arm } from "./arm.ts";
import { ArmError } from "./arm.ts";
import type { Deployment } from "./deployment.ts";

/** One container whose new blobs one function of the app is told of. */
export interface Delivery {
  /** Of the event subscription. */
  readonly name: string;
  readonly container: string;
  /** How the names of the blobs end; all blobs if not given. */
  readonly nameEnd?: string;
  readonly functionName: string;
}

export const DELIVERIES: readonly Delivery[] = [
  { name: "uploads", container: "input", functionName: "convertOnUpload" },
  { name: "reports", container: "work", nameEnd: "/report.json", functionName: "wakeOnReport" },
];

export interface Waiting {
  readonly pause: (ms: number) => Promise<unknown>;
  readonly now: () => number;
  readonly say: (line: string) => void;
}

const API_VERSION = "2025-02-15";
const POLL_MS = 5_000;
/** A cold app may not answer the handshake in time, and a failed subscription is never tried again by the service. */
const PAUSE_AFTER_FAILURE_MS = 20_000;
const PATIENCE_MS = 10 * 60_000;
const IN_PROGRESS = new Set(["Creating", "Updating", "Deleting"]);

/**
 * Makes the subscription, or brings it up to date with the key of the app, and waits until it is in force. Throws a
 * `UserError` when it is not within ten minutes.
 */
export async function subscribe(
  arm: Arm,
  deployment: Deployment,
  delivery: Delivery,
  key: string,
  { pause, now, say }: Waiting,
): Promise<void> {
  const path = `${topicPath(deployment)}/eventSubscriptions/${delivery.name}`;
  const body = subscriptionBody(deployment, delivery, key);
  const deadline = now() + PATIENCE_MS;
  for (let last = "it was not tried"; ;) {
    try {
      await arm.request("PUT", path, API_VERSION, body);
      const state = await settledState();
      if (state === "Succeeded") return;
      last = `it is ${state}: the app did not answer the handshake`;
      // Only a new one makes the service ask the app again.
      await arm.request("DELETE", path, API_VERSION);
    } catch (error) {
      if (!(error instanceof ArmError) || error.code === "AuthorizationFailed") throw error;
      last = `${error.code}: ${withoutKey(error.message, key)}`;
    }
    if (now() >= deadline) throw notSubscribed(delivery, last);
    say(`Event subscription ${delivery.name} is not in force yet (${last}). Trying again …`);
    await pause(PAUSE_AFTER_FAILURE_MS);
  }

  async function settledState(): Promise<string> {
    for (;;) {
      const { properties } = (await arm.request("GET", path, API_VERSION)) as {
        properties?: { provisioningState?: string };
      };
      const state = properties?.provisioningState ?? "unknown";
      if (!IN_PROGRESS.has(state)) return state;
      if (now() >= deadline) throw notSubscribed(delivery, `it is still ${state}`);
      await pause(POLL_MS);
    }
  }
}

/** The path of the Event Grid topic in Azure Resource Manager. */
export function topicPath({ group, eventGridTopic }: Deployment): string {
  return `${group}/providers/Microsoft.EventGrid/systemTopics/${eventGridTopic}`;
}

/** https://learn.microsoft.com/rest/api/eventgrid/controlplane/system-topic-event-subscriptions/create-or-update */
function subscriptionBody(deployment: Deployment, { container, nameEnd, functionName }: Delivery, key: string): object {
  const { group, storageAccount, functionAppUrl } = deployment;
  const parameters = new URLSearchParams({ functionName: `Host.Functions.${functionName}`, code: key });
  return {
    properties: {
      eventDeliverySchema: "EventGridSchema",
      destination: {
        endpointType: "WebHook",
        properties: { endpointUrl: `${functionAppUrl}/runtime/webhooks/blobs?${parameters}` },
      },
      filter: {
        includedEventTypes: ["Microsoft.Storage.BlobCreated"],
        // Without the slash at its end, it would also be the prefix of other containers.
        subjectBeginsWith: `/blobServices/default/containers/${container}/`,
        ...(nameEnd !== undefined && { subjectEndsWith: nameEnd }),
        // What commits a blob: events of blobs that are still being written are none of our business.
        // https://learn.microsoft.com/azure/storage/blobs/storage-blob-event-overview
        advancedFilters: [
          {
            operatorType: "StringIn",
            key: "data.api",
            values: ["CopyBlob", "PutBlob", "PutBlockList", "FlushWithClose"],
          },
        ],
      },
      retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 },
      deadLetterWithResourceIdentity: {
        identity: { type: "SystemAssigned" },
        deadLetterDestination: {
          endpointType: "StorageBlob",
          properties: {
            resourceId: `${group}/providers/Microsoft.Storage/storageAccounts/${storageAccount}`,
            blobContainerName: "undelivered",
          },
        },
      },
    },
  };
}

/** The service quotes the address that it could not reach. However that is encoded, most of a key is plain letters. */
function withoutKey(message: string, key: string): string {
  const stem = key.replace(/=+$/, "");
  return [key, encodeURIComponent(key), stem].reduce((text, secret) => text.replaceAll(secret, "***"), message);
}

function notSubscribed({ name, functionName }: Delivery, reason: string): UserError {
  return new UserError("NotSubscribed", `Event subscription ${name} is not in force: ${reason}`, {
    hint: `Until it is, only the sweep finds uploads. See that the app runs and has the function ${functionName}, then run \`azd hooks run postdeploy\`.`,
  });
}
