import type { Config } from "../../../config.ts";
import { UserError } from "../../../local/kit/userError.ts";
import type { Environment } from "../../../model/settings.ts";
import { readDeployment } from "../../azure/deployment.ts";
import { checkBatch } from "../batch.ts";
import type { Check } from "../examine.ts";
import { findingOfFailure } from "../failure.ts";
import { isWell, ok, unknown } from "../finding.ts";
import { checkAnswer } from "../functionApp.ts";
import { checkNode } from "../machine.ts";
import { readWhatIsValid } from "../settings.ts";
import { checkStorage } from "../storage.ts";
import { accessChecks, rolesUnknown } from "./access.ts";
import { capacityChecks } from "./capacity.ts";
import { checkDeployedSettings } from "./deployedSettings.ts";
import type { Site } from "./site.ts";
import { checkIdentity, checkSite, principalOf, readAppSettings, readSite } from "./site.ts";
import { subscriptionChecks } from "./subscriptions.ts";
import type { DeploymentView, Surroundings } from "./view.ts";

const GROUP_API_VERSION = "2021-04-01";

/** What azd has made, from the group to the last role. */
export function deploymentChecks(surroundings: Surroundings): Check[] {
  let view: DeploymentView | undefined;
  return [
    { what: "Node.js", look: () => [checkNode()] },
    {
      what: "azd environment",
      look: () => {
        view = { ...surroundings, deployment: readDeployment({ ...surroundings.env }) };
        return [ok("azd environment", "it has all outputs of the template")];
      },
      next: () => (view === undefined ? [] : [checkGroup(view)]),
    },
  ];
}

/** Who is not signed in, or may not look at the group, may not look at anything in it. */
function checkGroup(view: DeploymentView): Check {
  const { arm, deployment } = view;
  const what = `resource group ${deployment.group.split("/").at(-1)}`;
  return {
    what,
    look: async () => {
      try {
        await arm.request("GET", deployment.group, GROUP_API_VERSION);
      } catch (error) {
        const isSignIn = error instanceof UserError && error.code === "NotSignedIn";
        return [findingOfFailure(isSignIn ? "sign-in" : what, error)];
      }
      return [ok(what, "it exists, and you may look at it")];
    },
    next: (findings) => (isWell(findings) ? [checkApp(view), ...subscriptionChecks(view)] : []),
  };
}

/** The app's settings name nearly everything else. Where they cannot be read, azd knows the most important ones. */
function checkApp(view: DeploymentView): Check {
  const { arm, deployment, env } = view;
  let site: Site | undefined;
  let settings: Environment | undefined;
  return {
    what: `function app ${deployment.functionApp}`,
    look: async () => {
      site = await readSite(arm, deployment);
      return [checkSite(site, deployment)];
    },
    next: (findings) => [
      ...(isWell(findings) ? [{ what: "app", look: () => checkAnswer(deployment.functionAppUrl) }] : []),
      {
        what: "settings",
        look: async () => {
          settings = await readAppSettings(arm, deployment);
          view.secrets.addFrom(settings);
          return checkDeployedSettings(settings, env);
        },
        next: () => checksBySettings(view, site, settings),
      },
    ],
  };
}

function checksBySettings(view: DeploymentView, site: Site | undefined, settings: Environment | undefined): Check[] {
  const config = readWhatIsValid(settings ?? view.env);
  const identity =
    site === undefined || settings === undefined
      ? undefined
      : { finding: checkIdentity(site, settings), principalId: principalOf(site, settings) };
  const usesIdentity =
    config !== undefined && !(config.storage.connectionString !== undefined && config.batch.sharedKey);
  return [
    ...(identity !== undefined && usesIdentity ? [{ what: "identity", look: () => [identity.finding] }] : []),
    ...(config === undefined ? [notReachable()] : inside(view, config)),
    ...capacityChecks(view, settings ?? view.env),
    ...(config === undefined ? [] : accessChecks(view, config, identity?.principalId)),
    ...(usesIdentity && identity?.principalId === undefined ? [{ what: "roles", look: () => [rolesUnknown()] }] : []),
  ];
}

function inside(
  { connectStorage, connectBatch, now }: DeploymentView,
  { storage, batch, containers }: Config,
): Check[] {
  return [
    checkStorage({
      connect: () => connectStorage(storage),
      containers,
      isDeployed: true,
      isPersons: storage.connectionString === undefined,
      now,
    }),
    checkBatch({ client: connectBatch(batch), settings: batch, isPersons: batch.sharedKey === undefined, now }),
  ];
}

function notReachable(): Check {
  const detail = "the settings that say where they are are missing or wrong";
  return { what: "storage", look: () => [unknown("storage and Batch", detail, "Correct the settings first.")] };
}
