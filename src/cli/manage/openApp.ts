import { resolve } from "node:path";
import { wrongUsage } from "../../local/kit/commandLine/args.ts";
import type { OptionTable } from "../../local/kit/commandLine/helpText.ts";
import { isLoopback } from "../../local/kit/loopback.ts";
import { UserError } from "../../local/kit/userError.ts";
import { DEFAULT_DATA, dataFolderAt } from "../../local/stack/dataFolder.ts";
import type { StackConnection } from "../../local/stack/stackState.ts";
import { findAnnouncedStack } from "../../local/stack/stackState.ts";
import type { Environment } from "../../model/settings.ts";
import { AppApi } from "../api/appApi.ts";
import { KEY_VARIABLE, readAppAddress } from "../api/appAddress.ts";
import { readFunctionKey } from "../azure/appKey.ts";
import type { Arm } from "../azure/arm.ts";
import { connectArm } from "../azure/arm.ts";
import { findAzdEnvironment } from "../azure/azdEnvironment.ts";
import { azdCredential, azdToken } from "../azure/azdToken.ts";
import { readDeployment } from "../azure/deployment.ts";
import type { CommandContext } from "../commandContext.ts";

const URL_VARIABLE = "MP3DROP_URL";

/** How a command that manages conversions is told which app. */
export const APP_OPTIONS = {
  data: {
    type: "string",
    value: "DIR",
    path: "folder",
    help: "data folder of the local stack, which has to run (default .mp3drop)",
  },
  url: { type: "string", value: "URL", help: `an app somewhere else (or set ${URL_VARIABLE} in the environment)` },
  key: {
    type: "string",
    value: "KEY",
    help: `its function key; better in the environment as ${KEY_VARIABLE}, where no other user sees it`,
  },
  azure: {
    type: "boolean",
    default: false,
    help: "the app that `azd up` has deployed; run this below the folder in which you ran azd",
  },
  environment: {
    type: "string",
    value: "NAME",
    help: "which environment of azd (default: AZURE_ENV_NAME, else the default one of azd); implies --azure",
  },
} as const satisfies OptionTable;

export const APP_NOTE =
  "Without --url and --azure, the stack that runs on the data folder is asked. NAME is the newest conversion of the blob of that name; the name of a file on this machine does, too.";

export interface AppChoice {
  readonly data?: string | undefined;
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly azure: boolean;
  readonly environment?: string | undefined;
}

/** An app, and what else is known of where it runs. */
export interface ManagedApp {
  readonly api: AppApi;
  /** Set for a local stack. */
  readonly stack?: StackConnection;
  /** The variables of azd, for a deployment that it has made. */
  readonly azd?: Environment;
  /** Whether requests cost nothing. */
  readonly isNear: boolean;
}

/** Throws a `UserError` if there is no such app. */
export async function openApp(
  { data, url, key, azure, environment }: AppChoice,
  { env, folder }: Pick<CommandContext, "env" | "folder">,
  connect: () => Arm = () => connectArm({ getToken: azdToken(azdCredential()) }),
): Promise<ManagedApp> {
  const isAzure = azure || environment !== undefined;
  if ([isAzure, url !== undefined, data !== undefined].filter(Boolean).length > 1) {
    throw wrongUsage("--data, --url and --azure name different apps", "Leave all but one of them out.");
  }
  if (isAzure) {
    const { values } = findAzdEnvironment(folder, env, environment);
    const deployment = readDeployment({ ...values });
    const known = key ?? env[KEY_VARIABLE]?.trim();
    const appKey = known || (await readFunctionKey(connect(), deployment));
    const address = readAppAddress("AZURE_FUNCTION_APP_URL", deployment.functionAppUrl, env, appKey);
    return { api: new AppApi(address), azd: values, isNear: false };
  }
  const elsewhere = url ?? (data === undefined ? env[URL_VARIABLE]?.trim() : undefined);
  if (elsewhere) {
    const address = readAppAddress(url === undefined ? URL_VARIABLE : "--url", elsewhere, env, key);
    return { api: new AppApi(address), isNear: isLoopback(new URL(address.url).hostname) };
  }
  const dataFolder = dataFolderAt(resolve(folder, data ?? DEFAULT_DATA));
  const stack = findAnnouncedStack(dataFolder);
  if (stack === undefined) {
    throw new UserError("NoLocalStack", `No stack is ready on ${dataFolder.path}`, {
      hint: "Start one with `mp3drop local`, or name another one with --data, or a deployed app with --azure or --url.",
    });
  }
  // The stack needs no key, and gets none that is for another app.
  return { api: new AppApi({ url: stack.functions.url, key: undefined }), stack, isNear: true };
}
