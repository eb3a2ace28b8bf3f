import { readBlobsKey } from "../../azure/appKey.ts";
import { ArmError } from "../../azure/arm.ts";
import type { Delivery } from "../../azure/eventSubscriptions.ts";
import {
  DEAD_LETTER_CONTAINER,
  DELIVERIES,
  EVENT_GRID_API_VERSION,
  subjectPrefix,
  subscriptionPath,
  webhookUrl,
} from "../../azure/eventSubscriptions.ts";
import type { Check } from "../examine.ts";
import type { Finding } from "../finding.ts";
import { ok, wrong } from "../finding.ts";
import type { DeploymentView } from "./view.ts";

interface EventSubscription {
  readonly properties: {
    readonly provisioningState?: string;
    readonly destination?: { readonly properties?: { readonly endpointBaseUrl?: string } };
    readonly filter?: {
      readonly subjectBeginsWith?: string | null;
      readonly subjectEndsWith?: string | null;
      readonly includedEventTypes?: readonly string[] | null;
    };
    readonly deadLetterWithResourceIdentity?: DeadLetters | null;
  };
}

interface DeadLetters {
  readonly deadLetterDestination?: { readonly properties?: { readonly blobContainerName?: string } } | null;
}

const REPAIR = "Until it is mended only the sweep finds them. Run `azd hooks run postdeploy`.";

/** Whether each container's new blobs are told to the app as it expects it. */
export function subscriptionChecks(view: DeploymentView): Check[] {
  // One key serves all.
  let key: Promise<string | undefined> | undefined;
  const readKey = (): Promise<string | undefined> => (key ??= readKeyOnce(view));
  return DELIVERIES.map((delivery) => ({
    what: nameOf(delivery),
    look: () => checkSubscription(view, delivery),
    next: (findings) =>
      findings.some(({ state }) => state !== "ok")
        ? []
        : [{ what: `key of ${nameOf(delivery)}`, look: () => checkKey(view, delivery, readKey) }],
  }));
}

async function checkSubscription({ arm, deployment }: DeploymentView, delivery: Delivery): Promise<Finding[]> {
  const what = nameOf(delivery);
  let found: EventSubscription;
  try {
    const path = subscriptionPath(deployment, delivery);
    found = (await arm.request("GET", path, EVENT_GRID_API_VERSION)) as EventSubscription;
  } catch (error) {
    if (error instanceof ArmError && error.status === 404) return [wrong(what, "it does not exist", REPAIR)];
    throw error;
  }
  const { provisioningState, destination, filter, deadLetterWithResourceIdentity } = found.properties;
  const { origin, pathname } = new URL(webhookUrl(deployment, delivery.functionName, ""));
  const deadLetters = deadLetterWithResourceIdentity?.deadLetterDestination?.properties?.blobContainerName;
  const types = filter?.includedEventTypes ?? [];
  const problems = [
    ...differs("its state is", provisioningState, "Succeeded"),
    ...differs("it sends to", destination?.properties?.endpointBaseUrl, `${origin}${pathname}`),
    ...differs("its subjects begin with", filter?.subjectBeginsWith, subjectPrefix(delivery.container)),
    ...differs("its subjects end with", filter?.subjectEndsWith, delivery.nameEnd ?? ""),
    ...(types.includes("Microsoft.Storage.BlobCreated") ? [] : ["it is not of Microsoft.Storage.BlobCreated"]),
    ...differs("its dead letters go to", deadLetters, DEAD_LETTER_CONTAINER),
  ];
  const well = `new blobs of ${delivery.container} are told to ${delivery.functionName}`;
  if (problems.length === 0) return [ok(what, well)];
  return problems.map((problem) => wrong(what, problem, REPAIR));
}

function differs(words: string, actual: string | null | undefined, wanted: string): string[] {
  if ((actual ?? "").toLowerCase() === wanted.toLowerCase()) return [];
  return [`${words} ${actual || "nothing"}, not ${wanted || "nothing"}`];
}

/** The subscription itself does not show its key; the full address, for which one has to ask, does. */
async function checkKey(
  { arm, deployment, secrets }: DeploymentView,
  delivery: Delivery,
  readKey: () => Promise<string | undefined>,
): Promise<Finding[]> {
  const what = `key of ${nameOf(delivery)}`;
  const key = await readKey();
  if (key === undefined) {
    return [
      wrong(what, "the app has no key for blob events", "Look into its log whether it starts, then deploy it again."),
    ];
  }
  const path = `${subscriptionPath(deployment, delivery)}/getFullUrl`;
  const { endpointUrl } = (await arm.request("POST", path, EVENT_GRID_API_VERSION)) as { endpointUrl?: string };
  const { searchParams } = new URL(endpointUrl ?? "https://nowhere.invalid");
  const code = searchParams.get("code") ?? "";
  secrets.add(code);
  const problems = [
    ...(code === key ? [] : ["it is not that of the app, which so refuses the events"]),
    ...differs("it is for", searchParams.get("functionName") ?? "", `Host.Functions.${delivery.functionName}`),
  ];
  if (problems.length === 0) return [ok(what, "it is that of the app")];
  return problems.map((problem) => wrong(what, problem, REPAIR));
}

async function readKeyOnce({ arm, deployment, secrets }: DeploymentView): Promise<string | undefined> {
  const key = await readBlobsKey(arm, deployment);
  secrets.add(key);
  return key;
}

function nameOf({ name }: Delivery): string {
  return `event subscription ${name}`;
}
