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

/** Where Event Grid leaves what it could not deliver. */
export const DEAD_LETTER_CONTAINER = "undelivered";

export interface Waiting {
  readonly pause: (ms: number) => Promise<unknown>;
  readonly now: () => number;
  readonly say: (line: string) => void;
}

export const EVENT_GRID_API_VERSION = "2025-02-15";
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
  const path = subscriptionPath(deployment, delivery);
  const body = subscriptionBody(deployment, delivery, key);
  const deadline = now() + PATIENCE_MS;
  for (let last = "it was not tried"; ;) {
    try {
      await arm.request("PUT", path, EVENT_GRID_API_VERSION, body);
      const state = await settledState();
      if (state === "Succeeded") return;
      last = `it is ${state}: the app did not answer the handshake`;
      // Only a new one makes the service ask the app again.
      await arm.request("DELETE", path, EVENT_GRID_API_VERSION);
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
      const { properties } = (await arm.request("GET", path, EVENT_GRID_API_VERSION)) as {
        properties?: { provisioningState?: string };
      };
      const state = properties?.provisioningState ?? "unknown";
      if (!IN_PROGRESS.has(state)) return state;
      if (now() >= deadline) throw notSubscribed(delivery, `it is still ${state}`);
      await pause(POLL_MS);
    }
  }
}

/** The path of a subscription in Azure Resource Manager. */
export function subscriptionPath(deployment: Deployment, { name }: Delivery): string {
  return `${topicPath(deployment)}/eventSubscriptions/${name}`;
}

/** The path of the Event Grid topic in Azure Resource Manager. */
export function topicPath({ group, eventGridTopic }: Deployment): string {
  return `${group}/providers/Microsoft.EventGrid/systemTopics/${eventGridTopic}`;
}

/** What the subjects of a container's events begin with. Without the slash at its end, those of other containers would, too. */
export function subjectPrefix(container: string): string {
  return `/blobServices/default/containers/${container}/`;
}

/** Where the app takes blob events for one of its functions. A secret: it holds the key. */
export function webhookUrl({ functionAppUrl }: Deployment, functionName: string, key: string): string {
  const parameters = new URLSearchParams({ functionName: `Host.Functions.${functionName}`, code: key });
  return `${functionAppUrl}/runtime/webhooks/blobs?${parameters}`;
}

/** https://learn.microsoft.com/rest/api/eventgrid/controlplane/system-topic-event-subscriptions/create-or-update */
function subscriptionBody(deployment: Deployment, { container, nameEnd, functionName }: Delivery, key: string): object {
  const { group, storageAccount } = deployment;
  return {
    properties: {
      eventDeliverySchema: "EventGridSchema",
      destination: {
        endpointType: "WebHook",
        properties: { endpointUrl: webhookUrl(deployment, functionName, key) },
      },
      filter: {
        includedEventTypes: ["Microsoft.Storage.BlobCreated"],
        subjectBeginsWith: subjectPrefix(container),
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
            blobContainerName: DEAD_LETTER_CONTAINER,
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
