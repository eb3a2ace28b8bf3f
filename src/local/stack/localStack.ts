import { join } from "node:path";
import { readConfig } from "../../config.ts";
import { deployPool } from "./deployPool.ts";
import type { Services } from "./appSettings.ts";
import { announcedSettings, hostEnvironment, serviceEnvironment } from "./appSettings.ts";
import { azuriteConnectionString, startAzurite } from "../azurite/azurite.ts";
import { findAppRoot } from "../kit/appRoot.ts";
import type { ChildServiceEvents } from "../kit/childService.ts";
import { ChildRegister, waitForFormerChildren } from "./children.ts";
import { createContainers } from "../azurite/containers.ts";
import { allowPagesOf } from "../azurite/cors.ts";
import { blobNewsIn } from "../azurite/news.ts";
import { findCoreTools } from "./coreTools.ts";
import type { DataFolder } from "./dataFolder.ts";
import { accountKeys } from "./accountKeys.ts";
import { createDataFolder, dataFolderAt, inWords, lockDataFolder } from "./dataFolder.ts";
import { createFailure } from "../kit/failure.ts";
import { LOOPBACK } from "../kit/loopback.ts";
import { startUndoably } from "../kit/undo.ts";
import type { UndoStep } from "../kit/undo.ts";
import type { FfmpegInUse } from "./ffmpeg.ts";
import { checkFfmpeg, describeFfmpeg, findFfmpeg, linkFfmpeg } from "./ffmpeg.ts";
import { choosePorts } from "./ports.ts";
import type { FunctionsHostKind } from "./childServices.ts";
import { portOf, startBatchEmulator, startFunctionsHost } from "./childServices.ts";
import type { StackConnection, StackPorts } from "./stackState.ts";
import { announceStack, saveLastPorts } from "./stackState.ts";

interface LocalStackOptions {
  /** Path of the data folder. */
  readonly data: string;
  /** 0: any free port, last time's if possible. */
  readonly ports: StackPorts;
  readonly env: NodeJS.ProcessEnv;
  /** Folder of the function app; the one that this program belongs to if not given. */
  readonly app?: string;
  /** What runs the app; our own host if not given. */
  readonly host?: FunctionsHostKind;
  /** Gives storage a key of its own in place of the well-known one, which other users of the machine know. */
  readonly privateStorage?: boolean;
  /** When aborted, the start is called off and whatever already runs is stopped. */
  readonly signal?: AbortSignal;
  /** News for the user while it runs, such as the restart of a service. */
  readonly onNotice?: (message: string) => void;
  /** Called with each line that a service writes. */
  readonly onLine?: (service: StackService, line: string) => void;
  /** Called with the process id of each service, and again after a restart. */
  readonly onStarted?: (service: StackService, pid: number) => void;
  /** Faults for the Batch emulator to inject, in the form that its `--faults` option takes. */
  readonly batchFaults?: string;
  /** A folder whose files every task leaves in place of running, as the emulator's `--play-tasks` says. */
  readonly playTasks?: string;
  /** Settings for the Functions host that override the stack's own. */
  readonly hostSettings?: Readonly<Record<string, string>>;
}

export type StackService = "azurite" | "batch" | "functions";

export interface LocalStack {
  readonly connection: Required<StackConnection>;
  readonly folder: DataFolder;
  /** What converts on its nodes. */
  readonly ffmpeg: FfmpegInUse;
  /** Rejects when a service dies for good; never resolves. */
  readonly failed: Promise<never>;
  /** Hides the stack from other processes; its services keep running. */
  hide(): void;
  stop(): Promise<void>;
}

/** For a look at the settings before the services have addresses. */
const STAND_INS: Services = {
  storage: { connectionString: "UseDevelopmentStorage=true" },
  batch: { endpoint: `http://${LOOPBACK}`, accountName: "local", accountKey: "none" },
};

/**
 * Starts the services side by side; the Functions host loads the app when the others have told where they are. Tasks that a
 * former stack left unfinished run again once storage is there. If the start fails, whatever already runs is stopped.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  try {
    return await startUndoably((undo) => startServices(options, undo));
  } catch (error) {
    throw inWords(error, dataFolderAt(options.data));
  }
}

async function startServices(options: LocalStackOptions, undo: UndoStep[]): Promise<Omit<LocalStack, "stop">> {
  const settingsFor = (services: Services): NodeJS.ProcessEnv => ({
    ...hostEnvironment(options.env, services),
    ...options.hostSettings,
  });
  // What is wrong with the user's own settings shows before there is anything to clean up.
  const settings = settingsFor(STAND_INS);
  const config = readConfig(settings);
  const { input, output } = config.containers;

  const folder = dataFolderAt(options.data);
  const warning = createDataFolder(folder);
  if (warning !== undefined) options.onNotice?.(warning);
  undo.push(lockDataFolder(folder));
  const keys = accountKeys(folder);
  const storageKey = options.privateStorage === true ? keys.storage : undefined;
  if (options.host === "func") findCoreTools(options.env);
  const tools = findFfmpeg(options.env);
  const [versions] = await Promise.all([checkFfmpeg(tools), waitForFormerChildren(folder)]);
  linkFfmpeg(folder.bin, tools);
  const ports = await choosePorts(folder, options.ports);
  options.signal?.throwIfAborted();
  const { failed, eventsOf } = watchServices(options, new ChildRegister(folder));

  const env = serviceEnvironment(options.env);
  const storageReady = startAzurite({
    folder: folder.azurite,
    logFile: join(folder.logs, "azurite.log"),
    ports,
    env,
    accountKey: storageKey,
    events: eventsOf("azurite"),
  });
  const resourceId = settings["BATCH_NODE_IDENTITY_ID"]?.trim();
  const startBatch = async (): ReturnType<typeof startBatchEmulator> =>
    startBatchEmulator({
      folder,
      port: ports.batch,
      env,
      accountKey: keys.batch,
      events: eventsOf("batch"),
      storageReady,
      ...(options.batchFaults !== undefined && { faults: options.batchFaults }),
      // Where nodes have an identity, the address of its storage must be known first.
      ...(resourceId && {
        identity: { resourceId, storage: azuriteConnectionString((await storageReady).ready, storageKey) },
      }),
      ...(options.playTasks !== undefined && { playTasks: options.playTasks }),
    });
  const batchReady = startBatch();
  const storage = storageReady.then(({ ready }) => ({ connectionString: azuriteConnectionString(ready, storageKey) }));
  const findSettings = async (): Promise<NodeJS.ProcessEnv> => {
    const [reached, batch] = await Promise.all([storage, batchReady]);
    const found = settingsFor({ storage: reached, batch: batch.ready });
    await deployPool(readConfig(found));
    return { FUNCTIONS_HOST_BLOB_NEWS: blobNewsIn(folder.azurite), ...found };
  };
  const hostReady = startFunctionsHost(options.host ?? "embedded", {
    app: options.app ?? findAppRoot(),
    folder,
    port: ports.functions,
    env,
    settings: findSettings(),
    events: eventsOf("functions"),
  });
  const containersReady = storage.then(({ connectionString }) => createContainers(connectionString, [input, output]));
  const [azurite, batch, functions, containers] = await Promise.allSettled([
    storageReady,
    batchReady,
    hostReady,
    containersReady,
    // Slow to load, and needed as soon as storage is up.
    import("@azure/storage-blob"),
  ]);
  for (const service of [azurite, batch, functions]) {
    if (service.status === "fulfilled") undo.push(() => service.value.stop());
  }
  options.signal?.throwIfAborted();
  // The first one that has failed says why; those that wait for it fail with it.
  if (azurite.status === "rejected") throw azurite.reason;
  if (batch.status === "rejected") throw batch.reason;
  if (functions.status === "rejected") throw functions.reason;
  if (containers.status === "rejected") throw containers.reason;
  const port = portOf(functions.value.ready.url);
  await allowPagesOf([`http://${LOOPBACK}:${port}`, `http://localhost:${port}`], (await storage).connectionString);

  saveLastPorts(folder, {
    ...azurite.value.ready,
    batch: portOf(batch.value.ready.endpoint),
    functions: port,
  });
  const { endpoint, accountName, accountKey } = batch.value.ready;
  const connection: Required<StackConnection> = {
    storage: await storage,
    batch: { endpoint, accountName, accountKey },
    functions: { url: functions.value.ready.url },
    settings: announcedSettings(config),
    data: folder.path,
  };
  const hide = announceStack(folder, connection);
  undo.push(hide);
  return { connection, folder, ffmpeg: describeFfmpeg(tools, versions), failed, hide };
}

function watchServices(
  { onLine, onNotice, onStarted }: LocalStackOptions,
  register: ChildRegister,
): { failed: Promise<never>; eventsOf: (service: StackService) => ChildServiceEvents } {
  const { failed, fail } = createFailure();
  const eventsOf = (service: StackService): ChildServiceEvents => ({
    onLine: (line) => onLine?.(service, line),
    onStarted: (pid) => {
      register.add(pid);
      onStarted?.(service, pid);
    },
    onRestart: (message) => onNotice?.(message),
    onGivenUp: fail,
  });
  return { failed, eventsOf };
}
