import { resolve } from "node:path";
import { dataFolderAt } from "../../local/stack/dataFolder.ts";
import type { CommandContext } from "../command.ts";
import type { App } from "./app.ts";
import { useLocalStack } from "./localTarget.ts";

export interface TargetOptions {
  /** Undefined: not given. */
  readonly data: string | undefined;
  readonly connectionString: string | undefined;
  readonly functionsUrl: string | undefined;
  readonly verbose: boolean;
}

/** The app that converts, and what holds it up. */
export interface Target {
  readonly app: App;
  /** After this long an upload ought to have been noticed; undefined where nobody can tell. */
  readonly pickUpBoundMs: number | undefined;
  readonly fastestPollMs: number;
  /** Rejects when the app will not come back; never resolves. */
  readonly lost: Promise<never>;
  /** `signal`: leave at once. */
  close(signal: AbortSignal): Promise<void>;
}

const DEFAULT_DATA = ".mp3drop";

/** Explicitly named storage first, then the one in the environment, else the local stack of the data folder. */
export async function openTarget(options: TargetOptions, context: CommandContext): Promise<Target> {
  const { env, folder } = context;
  const isCloud = options.connectionString !== undefined || (options.data === undefined && namesStorage(env));
  if (isCloud) {
    // Loaded late: the storage library is slow to load, and a local stack can start meanwhile.
    const { connectCloud } = await import("./cloudTarget.ts");
    return connectCloud(options, context);
  }
  return useLocalStack(dataFolderAt(resolve(folder, options.data ?? DEFAULT_DATA)), options, context);
}

function namesStorage(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env["STORAGE"]?.trim() || env["STORAGE__blobServiceUri"]?.trim());
}
