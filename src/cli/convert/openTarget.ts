import { resolve } from "node:path";
import { DEFAULT_DATA, dataFolderAt } from "../../local/stack/dataFolder.ts";
import type { CommandContext } from "../commandContext.ts";
import { apiAt } from "./app.ts";
import { useLocalStack } from "./localTarget.ts";
import type { Target, TargetOptions } from "./target.ts";

/** Storage named on the command line comes first, then storage named in the environment, then the local stack. */
export async function openTarget(options: TargetOptions, context: CommandContext): Promise<Target> {
  const { env, folder } = context;
  // What is wrong with it is told before anything starts.
  if (options.functionsUrl !== undefined) apiAt(options.functionsUrl, env);
  const isCloud = options.connectionString !== undefined || (options.data === undefined && namesStorage(env));
  if (isCloud) {
    // Imported only here: the storage library is slow to load, and a local stack can start in the meantime.
    const { connectCloud } = await import("./cloudTarget.ts");
    return connectCloud(options, context);
  }
  return useLocalStack(dataFolderAt(resolve(folder, options.data ?? DEFAULT_DATA)), options, context);
}

function namesStorage(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env["STORAGE"]?.trim() || env["STORAGE__blobServiceUri"]?.trim());
}
