import type { HttpContext } from "../http/httpContext.ts";
import { areKeysConfigured, hasKey } from "../http/keys.ts";
import type { HostKeys } from "../http/keys.ts";
import type { Logger } from "../log.ts";
import type { BlobDelivery } from "./blobDelivery.ts";
import type { BlobFunction, FoundBlob } from "./blobFunction.ts";
import { bareEtag } from "./blobReceipts.ts";
import { functionId } from "./poison.ts";

interface BlobEventsOptions {
  readonly targets: readonly BlobFunction[];
  readonly delivery: BlobDelivery;
  readonly keys: HostKeys;
  readonly systemKey: () => string;
  readonly log: Logger;
}

/** An event in either schema: https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage */
interface BlobEvent {
  readonly eventType?: string;
  readonly type?: string;
  readonly subject?: string;
  readonly data?: { readonly eTag?: string; readonly validationCode?: string; readonly api?: string };
}

const CREATED = "Microsoft.Storage.BlobCreated";
const VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent";

/**
 * The webhook that Event Grid posts to for blob triggers whose source is EventGrid. An answer of 200 means that the
 * events are kept and will be delivered, whatever happens to this process.
 */
export function createBlobEvents(options: BlobEventsOptions): (c: HttpContext) => Promise<Response> {
  const { targets, delivery, keys, systemKey, log } = options;

  return async (c) => {
    if (areKeysConfigured(keys) && !hasKey(c, [systemKey(), keys.masterKey])) return c.body(null, 401);
    const name = (c.req.query("functionName") ?? "").toLowerCase();
    const target = targets.find(({ fn }) => [fn.name, functionId(fn.name)].some((id) => id.toLowerCase() === name));
    if (target === undefined) {
      return c.text(`No function with an EventGrid blob trigger is named "${c.req.query("functionName") ?? ""}"`, 404);
    }
    if (c.req.method === "OPTIONS") return allowCloudEvents(c);
    if (c.req.method !== "POST") return c.body(null, 405);

    const events = parseEvents(await c.req.text());
    if (events === undefined) return c.text("The body is not an event, nor an array of events", 400);
    const validation = events.find(({ eventType }) => eventType === VALIDATION);
    if (validation !== undefined) return c.json({ validationResponse: validation.data?.validationCode ?? "" });
    for (const event of events) {
      const blob = readBlob(event);
      if (blob === undefined) {
        log.write(
          "debug",
          `Function.${target.fn.name}`,
          `ignores an event of type ${event.eventType ?? event.type ?? "?"}`,
        );
      } else if (blob.container === target.pattern.container && target.pattern.match(blob.name) !== undefined) {
        delivery.accept(target, blob);
      }
    }
    return c.body(null, 200);
  };
}

/** https://learn.microsoft.com/azure/event-grid/end-point-validation-cloud-events-schema */
function allowCloudEvents(c: HttpContext): Response {
  const origin = c.req.header("webhook-request-origin");
  if (origin === undefined) return c.body(null, 400);
  return c.body(null, 200, { "WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*" });
}

function parseEvents(text: string): readonly BlobEvent[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const events = Array.isArray(parsed) ? parsed : [parsed];
    return events.every((event) => typeof event === "object" && event !== null) ? (events as BlobEvent[]) : undefined;
  } catch {
    return undefined;
  }
}

/** Goes by the subject, which looks the same for every account and emulator. */
function readBlob({ eventType, type, subject, data }: BlobEvent): FoundBlob | undefined {
  const match = /^\/blobServices\/default\/containers\/([^/]+)\/blobs\/(.+)$/s.exec(subject ?? "");
  const etag = bareEtag(data?.eTag);
  const [, container, name] = match ?? [];
  if ((eventType ?? type) !== CREATED || container === undefined || name === undefined || etag === "") return undefined;
  return { container, name, etag };
}
