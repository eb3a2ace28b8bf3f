import type { Environment } from "../../../model/settings.ts";
import type { Arm } from "../../azure/arm.ts";
import { WEB_API_VERSION, sitePath } from "../../azure/appKey.ts";
import type { Deployment } from "../../azure/deployment.ts";
import type { Finding } from "../finding.ts";
import { ok, wrong } from "../finding.ts";

/** What Azure Resource Manager says of the function app. */
export interface Site {
  readonly identity?: {
    readonly userAssignedIdentities?: Readonly<
      Record<string, { readonly clientId?: string; readonly principalId?: string }>
    >;
  };
  readonly properties: { readonly state?: string };
}

export async function readSite(arm: Arm, deployment: Deployment): Promise<Site> {
  return (await arm.request("GET", sitePath(deployment), WEB_API_VERSION)) as Site;
}

/** The app's settings, with their secrets. */
export async function readAppSettings(arm: Arm, deployment: Deployment): Promise<Environment> {
  const path = `${sitePath(deployment)}/config/appsettings/list`;
  const { properties } = (await arm.request("POST", path, WEB_API_VERSION)) as { properties: Environment };
  return properties;
}

export function checkSite({ properties }: Site, { functionApp }: Deployment): Finding {
  const { state = "unknown" } = properties;
  if (state === "Running") return ok(`function app ${functionApp}`, "it runs");
  return wrong(
    `function app ${functionApp}`,
    `it is ${state}`,
    "Start it in the portal, or with `az functionapp start`.",
  );
}

/** The identity that the settings tell the app to use. */
export function checkIdentity(site: Site, settings: Environment): Finding {
  const what = "identity of the app";
  const wanted = clientIdOf(settings);
  if (wanted === undefined) {
    return wrong(what, "AZURE_CLIENT_ID and STORAGE__clientId are not set", "Run `azd provision`, which sets them.");
  }
  if (principalOf(site, settings) !== undefined) return ok(what, `the app has the identity ${wanted}`);
  return wrong(what, `the app does not have the identity ${wanted}`, "Run `azd provision`, which gives it that.");
}

/** The object id of the app's identity; undefined if the app lacks it. */
export function principalOf({ identity }: Site, settings: Environment): string | undefined {
  const wanted = clientIdOf(settings);
  const identities = Object.values(identity?.userAssignedIdentities ?? {});
  return identities.find(({ clientId }) => clientId !== undefined && clientId === wanted)?.principalId;
}

function clientIdOf(settings: Environment): string | undefined {
  return settings["AZURE_CLIENT_ID"]?.trim() || settings["STORAGE__clientId"]?.trim() || undefined;
}
