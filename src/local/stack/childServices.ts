import { join } from "node:path";
import { builtScript } from "../kit/appRoot.ts";
import { findCoreTools } from "./coreTools.ts";
import { optionArguments } from "../kit/childProcess.ts";
import type { ChildServiceEvents } from "../kit/childService.ts";
import { ChildService } from "../kit/childService.ts";
import type { DataFolder } from "./dataFolder.ts";
import { readJsonLine } from "../kit/lines.ts";
import { SETTINGS_QUESTION } from "../functionsHost/heldSettings.ts";
import type { StackConnection } from "./stackState.ts";

interface ServiceOptions {
  readonly folder: DataFolder;
  /** 0: any free port. */
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
  readonly events: ChildServiceEvents;
}

type BatchAddress = StackConnection["batch"];
type FunctionsAddress = StackConnection["functions"];

/** A service that has announced its address. */
export type Started<Address> = ChildService<Address> & { readonly ready: Address };

interface BatchOptions extends ServiceOptions {
  readonly accountKey: string;
  /** For the emulator's option of that name. */
  readonly faults?: string;
  /** The managed identity that every pool has, and the connection string of the storage that it may use. */
  readonly identity?: { readonly resourceId: string; readonly storage: string };
  /** For the emulator's option of that name. */
  readonly playTasks?: string;
  /** No task runs before, however early the emulator starts. */
  readonly storageReady: Promise<unknown>;
}

export function startBatchEmulator({
  folder,
  port,
  env,
  events,
  accountKey,
  faults,
  identity,
  playTasks,
  storageReady,
}: BatchOptions): Promise<Started<BatchAddress>> {
  return ChildService.start({
    name: "The Batch emulator",
    script: builtScript("local/batchEmulator/main.ts"),
    args: (previous?: BatchAddress) => [
      ...optionArguments({
        "--port": portFor(port, previous?.endpoint),
        "--data": folder.path,
        "--node-bin": folder.bin,
        ...(faults !== undefined && { "--faults": faults }),
        ...(identity !== undefined && { "--pool-identity": identity.resourceId }),
        ...(playTasks !== undefined && { "--play-tasks": playTasks }),
      }),
      "--hold",
      "--json",
    ],
    goAhead: storageReady,
    // Not arguments: those are shown to all users of the machine.
    env: {
      ...env,
      BATCH_EMULATOR_KEY: accountKey,
      ...(identity !== undefined && { BATCH_EMULATOR_IDENTITY_STORAGE: identity.storage }),
    },
    logFile: join(folder.logs, "batch.log"),
    createReadyReader: () => (line) => readJsonLine<BatchAddress>(line),
    events,
  });
}

/** `embedded`: our own host. `func`: Azure Functions Core Tools, the host as it runs in Azure. */
export type FunctionsHostKind = "embedded" | "func";

interface FunctionsOptions extends ServiceOptions {
  /** Folder of the function app. */
  readonly app: string;
  /** What the app gets in addition to `env`. */
  readonly settings: Promise<NodeJS.ProcessEnv>;
}

/** Our own host loads while what it needs is still starting; Core Tools start when they can be told all of it. */
export async function startFunctionsHost(
  kind: FunctionsHostKind,
  { app, folder, port, env, settings, events }: FunctionsOptions,
): Promise<Started<FunctionsAddress>> {
  const host =
    kind === "func"
      ? {
          name: "func",
          script: "local/stack/coreToolsMain.ts",
          args: ["--func", findCoreTools(env)],
          env: { ...env, ...(await settings) },
        }
      : {
          name: "The Functions host",
          script: "local/functionsHost/main.ts",
          args: ["--data", folder.path, "--json", "--hold"],
          question: { line: SETTINGS_QUESTION, answer: settings.then((given) => JSON.stringify(given)) },
          env,
        };
  return ChildService.start({
    ...host,
    script: builtScript(host.script),
    args: (previous?: FunctionsAddress) => [
      ...optionArguments({ "--app": app, "--port": portFor(port, previous?.url) }),
      ...host.args,
    ],
    logFile: join(folder.logs, "functions.log"),
    createReadyReader: () => (line) => readJsonLine<FunctionsAddress>(line),
    events,
  });
}

export function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** After a restart a service must keep its address: others already use it. */
function portFor(wanted: number, previousUrl: string | undefined): number {
  return previousUrl === undefined ? wanted : portOf(previousUrl);
}
