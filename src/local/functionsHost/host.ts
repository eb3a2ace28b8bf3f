import { join, resolve } from "node:path";
import type { AppSettings } from "./settingReferences.ts";
import { systemClock } from "../kit/clock.ts";
import { lockFolder } from "../kit/folderLock.ts";
import { withoutProxyForLoopback } from "../kit/loopback.ts";
import { undoAll } from "../kit/undo.ts";
import type { HubConditions } from "./durable/hubFaults.ts";
import { HubState } from "./durable/hubState.ts";
import type { HubEntry } from "./durable/hubState.ts";
import { TaskHub } from "./durable/taskHub.ts";
import { WorkerRunner } from "./durable/workerRunner.ts";
import { HostIdentity } from "./hostIdentity.ts";
import { readHostJson } from "./hostJson.ts";
import type { HostSettings } from "./hostJson.ts";
import { createDurableApi } from "./http/durableApi.ts";
import { createFront, createRpc } from "./http/front.ts";
import { createHttpTriggers } from "./http/httpTrigger.ts";
import { readKeys } from "./http/keys.ts";
import { openLateServer } from "./http/lateServer.ts";
import type { LateServer } from "./http/lateServer.ts";
import { clientBindingData } from "./http/managementUrls.ts";
import type { HubAddress } from "./http/managementUrls.ts";
import { createLogger } from "./log.ts";
import type { Logger } from "./log.ts";
import { StateFile } from "./stateFile.ts";
import { BlobReceipts } from "./triggers/blobReceipts.ts";
import { createBlobTriggers } from "./triggers/blobTriggers.ts";
import { QueueTrigger } from "./triggers/queueTrigger.ts";
import { ScheduleStatuses, TimerTrigger } from "./triggers/timerTrigger.ts";
import type { RpcTypedData } from "./worker/rpc.ts";
import { checkBindings } from "./worker/supportedBindings.ts";
import { Worker } from "./worker/worker.ts";

interface HostOptions {
  readonly appFolder: string;
  readonly dataFolder: string;
  /** 0: any free port. */
  readonly port: number;
  readonly settings: AppSettings;
  readonly printLog: (line: string) => void;
  /** How often containers and queues are polled. */
  readonly pollMs: number;
  /** For orchestrations only: triggers always go by the real clock. */
  readonly hub: HubConditions;
  /** The host can do nothing more, for example because the disk is full. */
  readonly onFailure: (error: unknown) => void;
}

export interface Host {
  readonly url: string;
  stop(): Promise<void>;
}

/** At most one per process: an app can be loaded only once. */
export async function startHost(options: HostOptions): Promise<Host> {
  const appFolder = resolve(options.appFolder);
  const hostSettings = readHostJson(appFolder, options.settings);
  const log = createLogger(hostSettings.logLevels, options.printLog);
  const front = await openLateServer(options.port);
  const rpc = await openLateServer(0);
  try {
    announceAddress(front.url);
    const worker = await Worker.load(appFolder, log, hostSettings.functionTimeoutMs);
    checkBindings(worker.functions, log);
    const stop = await run(options, hostSettings, log, worker, front, rpc);
    return { url: front.url, stop };
  } catch (error) {
    front.close();
    rpc.close();
    throw error;
  }
}

/** Assembles the parts. Only once all of them have accepted the app does it open the state and start. */
async function run(
  options: HostOptions,
  hostSettings: HostSettings,
  log: Logger,
  worker: Worker,
  front: LateServer,
  rpc: LateServer,
): Promise<() => Promise<void>> {
  const { settings, pollMs, onFailure } = options;
  const folder = join(resolve(options.dataFolder), "functions");
  const hubState = new HubState();
  const identity = new HostIdentity();
  const receipts = new BlobReceipts();
  const schedules = new ScheduleStatuses();
  const file = new StateFile(join(folder, "state.journal"), {
    host: identity,
    hub: hubState,
    blobs: receipts,
    timers: schedules,
  });

  const runner = new WorkerRunner(worker);
  const persist = file.writer<HubEntry>("hub");
  const hub = new TaskHub({
    ...options.hub,
    state: hubState,
    persist,
    runner,
    log,
    settings: hostSettings,
    onFailure,
  });

  const address = (): HubAddress => ({
    webhookUrl: `${front.url}/runtime/webhooks/durabletask`,
    rpcUrl: `${rpc.url}/durabletask/`,
    hubName: hostSettings.hubName,
    systemKey: identity.systemKey,
  });
  const extraInputs = (): Record<string, RpcTypedData> => {
    const durableClient = { string: JSON.stringify(clientBindingData(address())) };
    return { durableClient, orchestrationClient: durableClient };
  };
  const keys = readKeys(settings);
  const common = { worker, settings, extraInputs, clock: systemClock(), log };
  const blobs = createBlobTriggers({
    ...common,
    hostSettings,
    receipts,
    persist: file.writer("blobs"),
    pollMs,
    keys,
    systemKey: () => identity.systemKey,
  });
  const timers = worker.functions
    .filter(({ trigger }) => trigger.type === "timerTrigger")
    .map((fn) => new TimerTrigger({ ...common, fn, statuses: schedules, persist: file.writer("timers") }));
  const queues = worker.functions
    .filter(({ trigger }) => trigger.type === "queueTrigger")
    .map((fn) => new QueueTrigger({ ...common, fn, limits: hostSettings.queues, pollMs }));
  const triggers = [blobs, ...timers, ...queues];
  const httpTriggers = createHttpTriggers({ ...common, routePrefix: hostSettings.routePrefix, keys });
  const durableApi = createDurableApi(hub, address);

  rpc.become(createRpc(durableApi));
  const unlock = lockFolder(join(folder, "host.lock"), "Functions host");
  try {
    file.open(onFailure);
  } catch (error) {
    unlock();
    throw error;
  }
  identity.ensureKey(file.writer("host"));
  hub.start();
  front.become(
    createFront({ durableApi, systemKey: () => identity.systemKey, blobEvents: blobs.events, httpTriggers }),
  );
  for (const trigger of triggers) trigger.start();

  return () =>
    undoAll([
      unlock,
      () => file.close(),
      () => worker.stop(),
      () => hub.stop(),
      ...triggers.map((trigger) => () => trigger.stop()),
      () => rpc.close(),
      () => front.close(),
    ]);
}

/**
 * The SDK sends links elsewhere when it does not find the host's own name, and its HTTP client would hand requests
 * for this machine to a proxy.
 */
function announceAddress(url: string): void {
  process.env["WEBSITE_HOSTNAME"] = new URL(url).host;
  Object.assign(process.env, withoutProxyForLoopback(process.env));
}
