import type { Config } from "../../../config.ts";
import { ArmError } from "../../azure/arm.ts";
import { DEAD_LETTER_CONTAINER, EVENT_GRID_API_VERSION, topicPath } from "../../azure/eventSubscriptions.ts";
import type { Role } from "../../azure/roles.ts";
import { ROLES, readRoles } from "../../azure/roles.ts";
import type { Check } from "../examine.ts";
import type { Finding } from "../finding.ts";
import { ok, unknown, wrong } from "../finding.ts";
import type { DeploymentView } from "./view.ts";

/** A right that somebody needs. */
interface Need {
  readonly role: Role;
  /** The path of a resource. */
  readonly scope: string;
  /** The scope for a person: "container input". */
  readonly place: string;
}

const IDENTITY_API_VERSION = "2024-11-30";
const REPAIR = "Run `azd provision`, which assigns it; it takes some minutes to be in force.";

/** Whether the app, the nodes and the topic have the roles that infra/modules/access.bicep gives them. */
export function accessChecks(
  view: DeploymentView,
  { containers, storage, batch }: Config,
  appPrincipalId: string | undefined,
): Check[] {
  const { arm, deployment } = view;
  const { group, storageAccount, batchAccount } = deployment;
  const accountPath = `${group}/providers/Microsoft.Storage/storageAccounts/${storageAccount}`;
  const batchPath = `${group}/providers/Microsoft.Batch/batchAccounts/${batchAccount}`;
  const onAccount = (role: Role): Need => ({ role, scope: accountPath, place: storageAccount });
  const onContainer = (role: Role, name: string): Need => ({
    role,
    scope: `${accountPath}/blobServices/default/containers/${name}`,
    place: `container ${name}`,
  });
  const check = (
    who: string,
    readPrincipal: () => Promise<string>,
    resource: string,
    needs: readonly Need[],
  ): Check => ({
    what: `roles of ${who}`,
    look: async () => checkRoles(`roles of ${who}`, await readRoles(arm, resource, await readPrincipal()), needs),
  });

  const checks: Check[] = [];
  if (appPrincipalId !== undefined) {
    const app = async (): Promise<string> => appPrincipalId;
    if (storage.connectionString === undefined) {
      const { storageBlobDataOwner, storageQueueDataContributor, storageTableDataContributor } = ROLES;
      const roles = [storageBlobDataOwner, storageQueueDataContributor, storageTableDataContributor];
      checks.push(check(`the app on ${storageAccount}`, app, accountPath, roles.map(onAccount)));
    }
    if (batch.sharedKey === undefined) {
      const need = { role: ROLES.azureBatchDataContributor, scope: batchPath, place: batchAccount };
      checks.push(check(`the app on ${batchAccount}`, app, batchPath, [need]));
    }
  }
  const { nodeIdentityId } = batch;
  if (nodeIdentityId !== undefined) {
    const readNodes = (): Promise<string> => readNodePrincipal(view, nodeIdentityId);
    checks.push(
      check("the nodes", readNodes, accountPath, [
        onContainer(ROLES.storageBlobDataReader, containers.input),
        onContainer(ROLES.storageBlobDataReader, containers.application),
        onContainer(ROLES.storageBlobDataContributor, containers.staging),
      ]),
    );
  }
  const deadLetters = onContainer(ROLES.storageBlobDataContributor, DEAD_LETTER_CONTAINER);
  checks.push(check("the Event Grid topic", () => readTopicPrincipal(view), accountPath, [deadLetters]));
  return checks;
}

function checkRoles(what: string, has: (role: Role, scope: string) => boolean, needs: readonly Need[]): Finding[] {
  const missing = needs.filter(({ role, scope }) => !has(role, scope));
  if (missing.length === 0) return [ok(what, needs.map(({ role }) => role.name).join(", "))];
  return missing.map(({ role, place }) => wrong(what, `${role.name} on ${place} is missing`, REPAIR));
}

async function readNodePrincipal({ arm }: DeploymentView, identityId: string): Promise<string> {
  try {
    const identity = await arm.request("GET", identityId, IDENTITY_API_VERSION);
    return (identity as { properties: { principalId: string } }).properties.principalId;
  } catch (error) {
    if (!(error instanceof ArmError) || error.status !== 404) throw error;
    throw new ArmError(404, error.code, `the identity of the nodes does not exist: ${identityId}`, { cause: error });
  }
}

async function readTopicPrincipal({ arm, deployment }: DeploymentView): Promise<string> {
  const topic = await arm.request("GET", topicPath(deployment), EVENT_GRID_API_VERSION);
  const { principalId } = (topic as { identity?: { principalId?: string } }).identity ?? {};
  if (principalId === undefined) throw new ArmError(404, "NoIdentity", "the Event Grid topic has no identity");
  return principalId;
}

/** Where the identity is not known, its roles are not either. */
export function rolesUnknown(): Finding {
  return unknown("roles of the app", "its identity is not known", "Look at the findings above first.");
}
