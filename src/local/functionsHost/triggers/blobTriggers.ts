import type { AppSettings } from "../settingReferences.ts";
import type { Clock } from "../../kit/clock.ts";
import type { HostSettings } from "../hostJson.ts";
import type { HttpContext } from "../http/httpContext.ts";
import type { HostKeys } from "../http/keys.ts";
import type { Logger } from "../log.ts";
import type { RegisteredFunction } from "../worker/coreModule.ts";
import type { RpcTypedData } from "../worker/rpc.ts";
import type { Worker } from "../worker/worker.ts";
import { BlobDelivery } from "./blobDelivery.ts";
import { readBlobFunction } from "./blobFunction.ts";
import { BlobPolling } from "./blobPolling.ts";
import type { BlobReceipts, ReceiptEntry } from "./blobReceipts.ts";
import { createBlobEvents } from "./eventGrid.ts";
import { StorageNews } from "./storageNews.ts";
import { putPoisonMessage } from "./poison.ts";

interface BlobTriggersOptions {
  readonly worker: Worker;
  readonly functions: readonly RegisteredFunction[];
  readonly settings: AppSettings;
  readonly hostSettings: Pick<HostSettings, "maxDegreeOfParallelism" | "poisonBlobThreshold" | "queues">;
  readonly receipts: BlobReceipts;
  readonly persist: (entry: ReceiptEntry) => void;
  readonly extraInputs: () => Readonly<Record<string, RpcTypedData>>;
  readonly clock: Clock;
  readonly pollMs: number;
  /** Where storage tells of new blobs, if it does. */
  readonly blobNewsFile: string | undefined;
  readonly keys: HostKeys;
  readonly systemKey: () => string;
  readonly log: Logger;
}

interface BlobTriggers {
  /** The webhook of Event Grid. */
  readonly events: (c: HttpContext) => Promise<Response>;
  start(): void;
  stop(): void;
}

/** Every blob trigger of the app, whatever its source. */
export async function createBlobTriggers(options: BlobTriggersOptions): Promise<BlobTriggers> {
  const { settings, hostSettings, receipts, clock, pollMs, blobNewsFile, log } = options;
  const functions = await Promise.all(
    options.functions
      .filter(({ trigger }) => trigger.type === "blobTrigger")
      .map((fn) => readBlobFunction(fn, settings)),
  );
  const delivery = new BlobDelivery({
    ...options,
    ...hostSettings,
    putPoisonMessage: (target, blob) => putPoisonMessage(target, blob, hostSettings.queues.messageEncoding),
  });
  const targets = functions.filter(({ source }) => source === "EventGrid");
  const scanned = functions.filter(({ source }) => source === "LogsAndContainerScan");
  const news = blobNewsFile === undefined ? undefined : new StorageNews(blobNewsFile, scanned, delivery, log);
  const pace = { intervalMs: pollMs, isTold: () => news?.isFollowed === true };
  const polled = scanned.map((target) => new BlobPolling({ target, delivery, receipts, clock, ...pace, log }));

  return {
    events: createBlobEvents({ targets, delivery, keys: options.keys, systemKey: options.systemKey, log }),
    start() {
      for (const target of targets) {
        for (const receipt of receipts.of(target.fn.name)) delivery.offer(target, receipt);
      }
      news?.follow();
      for (const poller of polled) poller.start();
    },
    stop() {
      news?.stop();
      for (const poller of polled) poller.stop();
      delivery.stop();
    },
  };
}
