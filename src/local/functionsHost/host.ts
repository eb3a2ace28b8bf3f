import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { isDisabled } from "./settingReferences.ts";
import type { AppSettings } from "./settingReferences.ts";
import { Archive } from "../kit/archive.ts";
import { systemClock } from "../kit/clock.ts";
import { errorText } from "../kit/errorText.ts";
import { createFailure } from "../kit/failure.ts";
import { lockFolder } from "../kit/folderLock.ts";
import { startUndoably } from "../kit/undo.ts";
import type { UndoStep } from "../kit/undo.ts";
import type { HubConditions } from "./durable/hubFaults.ts";
import { HubState } from "./durable/hubState.ts";
import type { HubEntry } from "./durable/hubState.ts";
import { TaskHub } from "./durable/taskHub.ts";
import { WorkerRunner } from "./durable/workerRunner.ts";
import { HostIdentity } from "./hostIdentity.ts";
import { readHostJson } from "./hostJson.ts";
import type { HostSettings } from "./hostJson.ts";
import { createAdminApi } from "./http/adminApi.ts";
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
import { StorageBindings } from "./storage/storageBindings.ts";
import { BlobReceipts } from "./triggers/blobReceipts.ts";
import { createBlobTriggers } from "./triggers/blobTriggers.ts";
import { createQueueTrigger } from "./triggers/queueTrigger.ts";
import { ScheduleStatuses, TimerTrigger } from "./triggers/timerTrigger.ts";
import type { RegisteredFunction } from "./worker/coreModule.ts";
import type { RpcTypedData } from "./worker/rpc.ts";
import { readAppError } from "./worker/appError.ts";
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
  /** Where storage tells of new blobs (see kit/newsFile.ts), if it does. */
  readonly blobNewsFile: string | undefined;
  /** Longer bodies of requests are refused. */
  readonly maxBodyBytes: number;
  /** Other origins, such as `http://localhost:3000`, whose pages may use the host. */
  readonly corsOrigins: readonly string[];
  /** For orchestrations only: triggers always go by the real clock. */
  readonly hub: HubConditions;
  /** Called when the host can no longer work, for example because the disk is full. */
  readonly onFailure: (error: unknown) => void;
  /** Takes what is to judge errors that nobody caught, and says whether they are the app's. */
  readonly onUncaught: (takes: (error: unknown) => boolean) => void;
}

interface Host {
  readonly url: string;
  stop(): Promise<void>;
}

/** At most one per process: an app can be loaded only once. */
export async function startHost(options: HostOptions): Promise<Host> {
  return startUndoably((undo) => start(options, undo));
}

async function start(options: HostOptions, undo: UndoStep[]): Promise<Omit<Host, "stop">> {
  const appFolder = resolve(options.appFolder);
  const dataFolder = resolve(options.dataFolder);
  const hostSettings = readHostJson(appFolder, options.settings);
  const log = createLogger(hostSettings.logLevels, options.printLog);
  const front = await openLateServer(options);
  undo.push(() => front.close());
  const rpc = await openLateServer({ port: 0 });
  undo.push(() => rpc.close());
  // The SDK sends links elsewhere when it does not find the host's own name.
  process.env["WEBSITE_HOSTNAME"] = new URL(front.url).host;
  // As the real worker runs. Paths that are not the app's have been made whole before.
  process.chdir(appFolder);
  const storage = new StorageBindings(options.settings, hostSettings.queues.messageEncoding);
  const crash = createFailure();
  options.onUncaught((error) => {
    const failure = readAppError(error);
    if (failure === undefined) return false;
    log.write("error", "Worker", `Uncaught exception: ${errorText(error)}`);
    crash.fail(failure);
    options.onFailure(failure);
    return true;
  });
  // An app that throws while it loads may never be ready.
  const loading = Worker.load(appFolder, log, hostSettings.functionTimeoutMs, storage);
  const worker = await Promise.race([loading, crash.failed]);
  await storage.prepare(worker.functions);
  await run({ ...options, dataFolder }, hostSettings, log, worker, front, rpc, undo);
  return { url: front.url };
}

/** Assembles the parts. Only once all of them have accepted the app does it open the state and start. */
async function run(
  options: HostOptions,
  hostSettings: HostSettings,
  log: Logger,
  worker: Worker,
  front: LateServer,
  rpc: LateServer,
  undo: UndoStep[],
): Promise<void> {
  const { settings, pollMs, blobNewsFile, maxBodyBytes, corsOrigins, onFailure } = options;
  const folder = join(options.dataFolder, "functions");
  const archive = new Archive(join(folder, "archive"));
  const hubState = new HubState(archive);
  const identity = new HostIdentity();
  const receipts = new BlobReceipts();
  const schedules = new ScheduleStatuses();
  const parts = { host: identity, hub: hubState, blobs: receipts, timers: schedules };
  const file = new StateFile(join(folder, "state.journal"), parts, { archive });

  const rpcPath = `/${randomBytes(24).toString("base64url")}/durabletask`;
  const address = (): HubAddress => ({
    webhookUrl: `${front.url}/runtime/webhooks/durabletask`,
    rpcUrl: `${rpc.url}${rpcPath}/`,
    hubName: hostSettings.hubName,
    systemKey: identity.systemKey,
  });
  let client: RpcTypedData | undefined;
  const extraInputs = (): Record<string, RpcTypedData> => {
    // Only now, because the key is known only once the state is open; and once, because every call asks for it.
    client ??= { string: JSON.stringify(clientBindingData(address())) };
    return { durableClient: client, orchestrationClient: client };
  };
  const runner = new WorkerRunner(worker, extraInputs);
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

  const keys = readKeys(settings);
  const isEnabled = (fn: RegisteredFunction): boolean => !isDisabled(fn.name, settings);
  const functions = worker.functions.filter(isEnabled);
  const common = { worker, functions, settings, extraInputs, clock: systemClock(), log };
  const blobs = await createBlobTriggers({
    ...common,
    hostSettings,
    receipts,
    persist: file.writer("blobs"),
    pollMs,
    blobNewsFile,
    keys,
    systemKey: () => identity.systemKey,
  });
  const timers = worker.functions
    .filter(({ trigger }) => trigger.type === "timerTrigger")
    .map((fn) => new TimerTrigger({ ...common, fn, statuses: schedules, persist: file.writer("timers") }));
  const queues = await Promise.all(
    worker.functions
      .filter(({ trigger }) => trigger.type === "queueTrigger")
      .map((fn) => createQueueTrigger({ ...common, fn, limits: hostSettings.queues, pollMs })),
  );
  const byHand = [...timers, ...queues];
  const triggers = [blobs, ...byHand.filter(({ fn }) => isEnabled(fn))];
  const httpTriggers = createHttpTriggers({ ...common, routePrefix: hostSettings.routePrefix, keys, maxBodyBytes });
  const adminApi = createAdminApi({
    functions: worker.functions,
    run: (fn, input) => {
      if (fn.trigger.type === "warmupTrigger") {
        return worker.invoke({ fn, input: { json: "{}" }, extraInputs: extraInputs() }).then(() => undefined);
      }
      return byHand.find((trigger) => trigger.fn === fn)?.run(input);
    },
    keys,
    log,
  });
  const durableApi = createDurableApi(hub, address, options.hub.faults);

  rpc.become(createRpc(durableApi, rpcPath, log));
  undo.push(lockFolder(join(folder, "host.lock"), "Functions host"));
  file.open(onFailure);
  undo.push(() => file.close());
  identity.ensureKey(file.writer("host"));
  hub.start();
  front.become(
    createFront({
      durableApi,
      adminApi,
      systemKey: () => identity.systemKey,
      blobEvents: blobs.events,
      httpTriggers,
      maxBodyBytes,
      corsOrigins,
      log,
    }),
  );
  for (const trigger of triggers) trigger.start();
  undo.push(
    () => worker.stop(),
    () => hub.stop(),
    ...triggers.map((trigger) => () => trigger.stop()),
    // Before everything else, so that nobody asks a host that is stopping. Closing them again later does no harm.
    () => rpc.close(),
    () => front.close(),
  );
}
