import type { Arm } from "./arm.ts";

/** The built-in roles that a deployment gives, as in infra/modules/access.bicep. A test compares them. */
export const ROLES = {
  storageBlobDataOwner: { name: "Storage Blob Data Owner", id: "b7e6dc6d-f1e8-4753-8033-0f276bb0955b" },
  storageBlobDataContributor: { name: "Storage Blob Data Contributor", id: "ba92f5b4-2d11-453d-a403-e96b0029c9fe" },
  storageBlobDataReader: { name: "Storage Blob Data Reader", id: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1" },
  storageQueueDataContributor: { name: "Storage Queue Data Contributor", id: "974c5e8b-45b9-4653-ba55-5f855dd0fb88" },
  storageTableDataContributor: { name: "Storage Table Data Contributor", id: "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3" },
  azureBatchDataContributor: { name: "Azure Batch Data Contributor", id: "6aaa78f1-f7de-44ca-8722-c64a23943cae" },
} as const;

export interface Role {
  readonly name: string;
  readonly id: string;
}

interface RoleAssignment {
  readonly properties: { readonly roleDefinitionId: string; readonly scope: string };
}

const API_VERSION = "2022-04-01";

/**
 * Whether a principal has a role at a scope, by an assignment there or above.
 * https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-scope
 */
export async function readRoles(
  arm: Arm,
  resource: string,
  principalId: string,
): Promise<(role: Role, scope: string) => boolean> {
  const path = `${resource}/providers/Microsoft.Authorization/roleAssignments`;
  const filter = `principalId eq '${principalId}'`;
  const assignments = await arm.list<RoleAssignment>(path, API_VERSION, filter);
  return (role, scope) =>
    assignments.some(
      ({ properties }) =>
        properties.roleDefinitionId.toLowerCase().endsWith(role.id) && isAtOrAbove(properties.scope, scope),
    );
}

function isAtOrAbove(assigned: string, scope: string): boolean {
  const withSlash = (path: string): string => `${path.toLowerCase().replace(/\/$/, "")}/`;
  return withSlash(scope).startsWith(withSlash(assigned));
}
