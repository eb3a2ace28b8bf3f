import { BlobServiceClient } from "@azure/storage-blob";
import { entraCredential } from "../../azure/credential.ts";
import { errorMessage } from "../../local/kit/errorText.ts";
import { isLoopback } from "../../local/kit/loopback.ts";
import { UserError } from "../../local/kit/userError.ts";
import { wrongUsage } from "../../local/kit/commandLine/args.ts";
import { printable } from "../../local/kit/commandLine/printable.ts";
import type { CommandContext } from "../commandContext.ts";
import { apiAt } from "./app.ts";
import { endingSilence } from "./silentStorage.ts";
import { RETRY_OPTIONS, containersFrom } from "./storageSettings.ts";
import type { Target, TargetOptions } from "./target.ts";

const CLOUD_LOOK_MS = 1_000;
const LOOPBACK_LOOK_MS = 100;

/** An app that somebody else runs, on Azure or on a stack of their own. */
export async function connectCloud(options: TargetOptions, { env, output, signal }: CommandContext): Promise<Target> {
  const storage = connect(options.connectionString ?? env["STORAGE"]?.trim(), env);
  const containers = containersFrom(env);
  const { functionsUrl } = options;
  output.note(`Converting in storage account ${printable(storage.accountName)}`);
  await checkContainer(storage, containers.input, signal);
  return {
    app: { storage, containers, api: functionsUrl === undefined ? undefined : apiAt(functionsUrl, env) },
    pickUpBoundMs: undefined,
    fastestLookMs: isLoopback(new URL(storage.url).hostname) ? LOOPBACK_LOOK_MS : CLOUD_LOOK_MS,
    lost: new Promise<never>(() => {}),
    close: async () => {},
  };
}

/** Checked before the first upload, because what is wrong here is wrong for every file. */
async function checkContainer(storage: BlobServiceClient, name: string, signal: AbortSignal): Promise<void> {
  let exists: boolean;
  try {
    exists = await storage.getContainerClient(name).exists({ abortSignal: signal });
  } catch (cause) {
    signal.throwIfAborted();
    const reason = errorMessage(cause).split("\n", 1)[0];
    throw new UserError("StorageUnreachable", `Storage account ${storage.accountName} cannot be used: ${reason}`, {
      cause,
      hint: "Check that it is up, and that you may read and write blobs in it.",
    });
  }
  if (exists) return;
  throw wrongUsage(
    `Storage account ${storage.accountName} has no container "${name}"`,
    "Deploy the app first, or name its container in INPUT_CONTAINER.",
  );
}

function connect(connectionString: string | undefined, env: NodeJS.ProcessEnv): BlobServiceClient {
  try {
    if (connectionString) {
      return endingSilence(BlobServiceClient.fromConnectionString(connectionString), RETRY_OPTIONS);
    }
    const uri = env["STORAGE__blobServiceUri"]?.trim() ?? "";
    const clientId = env["STORAGE__clientId"]?.trim();
    return endingSilence(new BlobServiceClient(uri, entraCredential(clientId)), RETRY_OPTIONS);
  } catch (cause) {
    // Without its message, which may repeat the key.
    throw wrongUsage(
      "The storage connection string cannot be read",
      "Copy it from the storage account's access keys.",
      {
        cause,
      },
    );
  }
}
