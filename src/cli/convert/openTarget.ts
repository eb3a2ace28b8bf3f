import { resolve } from "node:path";
import { wrongUsage } from "../../local/kit/commandLine/args.ts";
import { DEFAULT_DATA, dataFolderAt } from "../../local/stack/dataFolder.ts";
import type { CommandContext } from "../commandContext.ts";
import { useLocalStack } from "./localTarget.ts";
import type { Target, TargetOptions } from "./target.ts";

/** Storage named on the command line comes first, then storage named in the environment, then the local stack. */
export async function openTarget(options: TargetOptions, context: CommandContext): Promise<Target> {
  const { env, folder } = context;
  checkUrl(options.functionsUrl);
  const isCloud = options.connectionString !== undefined || (options.data === undefined && namesStorage(env));
  if (isCloud) {
    // Imported only here: the storage library is slow to load, and a local stack can start in the meantime.
    const { connectCloud } = await import("./cloudTarget.ts");
    return connectCloud(options, context);
  }
  return useLocalStack(dataFolderAt(resolve(folder, options.data ?? DEFAULT_DATA)), options, context);
}

function checkUrl(functionsUrl: string | undefined): void {
  if (functionsUrl === undefined) return;
  if (URL.canParse(functionsUrl) && /^https?:$/.test(new URL(functionsUrl).protocol)) return;
  throw wrongUsage(`--functions-url is not a URL: "${functionsUrl}"`, "It looks like https://<app>.azurewebsites.net.");
}

function namesStorage(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env["STORAGE"]?.trim() || env["STORAGE__blobServiceUri"]?.trim());
}
