import { UserError } from "../../local/kit/userError.ts";
import type { Arm } from "./arm.ts";
import { ArmError } from "./arm.ts";
import type { Deployment } from "./deployment.ts";
import type { Waiting } from "./eventSubscriptions.ts";

export const WEB_API_VERSION = "2025-03-01";
const PAUSE_MS = 15_000;
const PATIENCE_MS = 10 * 60_000;

/**
 * The key of the webhook for blob events. The app makes it when it has started with a function that needs it, so this
 * wakes the app and waits. A role that was assigned just now may also take minutes to be in force, and meanwhile gets 403.
 * Throws a `UserError` when there is no key within ten minutes.
 */
export async function waitForBlobsKey(
  arm: Arm,
  deployment: Deployment,
  wake: () => Promise<unknown>,
  { pause, now, say }: Waiting,
): Promise<string> {
  const deadline = now() + PATIENCE_MS;
  for (;;) {
    await wake();
    let reason = "it has not registered its functions yet";
    try {
      const key = await readBlobsKey(arm, deployment);
      if (key) return key;
    } catch (error) {
      if (!(error instanceof ArmError)) throw error;
      reason = `${error.code}: ${error.message}`;
    }
    if (now() >= deadline) {
      throw new UserError("NoAppKey", `${deployment.functionApp} has no key for blob events: ${reason}`, {
        hint: "Look into the log of the app whether it starts, and whether you may list its keys. Then run `azd hooks run postdeploy`.",
      });
    }
    say(`Waiting for ${deployment.functionApp} (${reason}) …`);
    await pause(PAUSE_MS);
  }
}

/** Undefined while the app has none. */
export async function readBlobsKey(arm: Arm, deployment: Deployment): Promise<string | undefined> {
  const path = `${sitePath(deployment)}/host/default/listkeys`;
  const keys = (await arm.request("POST", path, WEB_API_VERSION)) as { systemKeys?: Record<string, string> };
  return keys.systemKeys?.["blobs_extension"] || undefined;
}

/** The path of the function app in Azure Resource Manager. */
export function sitePath({ group, functionApp }: Deployment): string {
  return `${group}/providers/Microsoft.Web/sites/${functionApp}`;
}

/** The key with which all functions of the app can be called. Throws an `ArmError`, or a `UserError` if there is none. */
export async function readFunctionKey(arm: Arm, deployment: Deployment): Promise<string> {
  const path = `${sitePath(deployment)}/host/default/listkeys`;
  const keys = (await arm.request("POST", path, WEB_API_VERSION)) as { functionKeys?: Record<string, string> };
  const key = keys.functionKeys?.["default"];
  if (key) return key;
  throw new UserError("NoAppKey", `${deployment.functionApp} has no function key called default`, {
    hint: "Make one in the portal under App keys, and put it into MP3DROP_KEY in the environment.",
  });
}
