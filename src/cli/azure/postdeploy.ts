import { setTimeout as delay } from "node:timers/promises";
import type { Output } from "../../local/kit/commandLine/output.ts";
import { waitForBlobsKey } from "./appKey.ts";
import type { Arm } from "./arm.ts";
import { ArmError, connectArm } from "./arm.ts";
import { azdToken } from "./azdToken.ts";
import type { Deployment } from "./deployment.ts";
import { readDeployment } from "./deployment.ts";
import type { Waiting } from "./eventSubscriptions.ts";
import { DELIVERIES, subscribe } from "./eventSubscriptions.ts";
import { describeQuotas, readCoreQuotas } from "./quota.ts";

/** What the end of a deployment works with; tests replace it. */
export interface Surroundings extends Waiting {
  readonly arm: Arm;
  /** Asks the app for anything, so that it starts. */
  readonly wake: (deployment: Deployment) => Promise<unknown>;
}

const WAKE_TIMEOUT_MS = 60_000;

/**
 * The end of a deployment, which may be run again at any time: connects the uploads to the app, and says what the app
 * may need of a person. Throws a `UserError` for what that person can mend.
 */
export async function finishDeployment(env: NodeJS.ProcessEnv, surroundings: Surroundings): Promise<void> {
  const { arm, say, wake } = surroundings;
  const deployment = readDeployment(env);
  const key = await waitForBlobsKey(arm, deployment, () => wake(deployment), surroundings);
  for (const delivery of DELIVERIES) {
    await subscribe(arm, deployment, delivery, key, surroundings);
    say(`Container ${delivery.container} tells ${delivery.functionName} of new blobs.`);
  }
  for (const line of await tellQuotas(arm, deployment)) say(line);
  const { storageAccount, functionAppUrl } = deployment;
  say(`The app is at ${functionAppUrl}. It takes MP4s from the container input of ${storageAccount}:`);
  say(`  az storage blob upload --auth-mode login --account-name ${storageAccount} -c input -f video.mp4`);
}

/** The deployment is done, whether or not its quota may be looked at. */
async function tellQuotas(arm: Arm, deployment: Deployment): Promise<string[]> {
  try {
    return describeQuotas(await readCoreQuotas(arm, deployment), deployment.batchAccount);
  } catch (error) {
    if (!(error instanceof ArmError)) throw error;
    return [`Quota: not known (${error.code}: ${error.message}). A conversion that lacks it waits, and says so.`];
  }
}

/** The hook of azd, with its sign-in. */
export async function postdeploy(env: NodeJS.ProcessEnv, output: Output): Promise<void> {
  await finishDeployment(env, {
    arm: connectArm({ getToken: azdToken() }),
    pause: delay,
    now: Date.now,
    say: (line) => output.note(line),
    wake: ({ functionAppUrl }) =>
      fetch(functionAppUrl, { signal: AbortSignal.timeout(WAKE_TIMEOUT_MS) }).catch(() => {}),
  });
}
