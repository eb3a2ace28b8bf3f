import { API_VERSIONS, countsTasksOnly, hasOperation, isApiVersion, propertiesMissingIn } from "../apiVersions.ts";
import type { ApiVersion, Entity } from "../apiVersions.ts";
import { ServiceError } from "../serviceError.ts";

/** What the bodies of these operations describe, and the name of its type in the service's answers. */
const BODIES: Readonly<Record<string, readonly [entity: Entity, type: string]>> = {
  Pool_Add: ["pool", "CloudPool"],
  Pool_Patch: ["poolPatch", "CloudPool"],
  Pool_UpdateProperties: ["pool", "CloudPool"],
  Job_Add: ["job", "CloudJob"],
  Job_Patch: ["jobPatch", "CloudJob"],
  Job_Update: ["job", "CloudJob"],
  JobSchedule_Add: ["jobSchedule", "CloudJobSchedule"],
  JobSchedule_Patch: ["jobSchedule", "CloudJobSchedule"],
  JobSchedule_Update: ["jobSchedule", "CloudJobSchedule"],
  Task_Add: ["task", "CloudTask"],
  Task_AddCollection: ["task", "CloudTask"],
};

/** Throws unless the version is one of the table and has the operation. */
export function checkVersion(version: string | undefined): ApiVersion {
  if (version === undefined || version === "") {
    throw new ServiceError("MissingRequiredQueryParameter", {
      values: [{ key: "QueryParameterName", value: "api-version" }],
    });
  }
  if (isApiVersion(version)) return version;
  throw new ServiceError("UnsupportedRequestVersion", {
    values: [{ key: "SupportedVersions", value: API_VERSIONS.join(", ") }],
  });
}

/** To a version that does not have the operation, its address leads nowhere. */
export function checkOperation(version: ApiVersion, operation: string): void {
  if (!hasOperation(version, operation)) throw new ServiceError("InvalidUri");
}

/** The body as the newest version would have it. Throws where it has what its own version does not know. */
export function readInVersion(version: ApiVersion, operation: string, body: unknown): unknown {
  const [entity, type] = BODIES[operation] ?? [];
  if (entity === undefined || !isObject(body)) return body;
  const described = operation === "Task_AddCollection" ? body["value"] : body;
  const unknown = missingIn(version, entity).find((path) => hasPath(described, path));
  if (unknown !== undefined) {
    const reason = `The property '${unknown.at(-1)}' does not exist on type 'Microsoft.Azure.Batch.Protocol.Entities.${type}'. Make sure to only use property names that are defined by the type.`;
    throw new ServiceError("InvalidRequestBody", { values: [{ key: "Reason", value: reason }] });
  }
  return renamed(body, placeOfPool(entity), "maxTasksPerNode", "taskSlotsPerNode");
}

/** How an entity is shown in this version. */
export function viewInVersion(version: ApiVersion, entity: Entity | undefined): (view: object) => object {
  if (entity === undefined) return (view) => view;
  const missing = missingIn(version, entity);
  const isRenamed = countsTasksOnly(version);
  if (missing.length === 0) return (view) => view;
  return (view) =>
    missing.reduce<object>(
      without,
      isRenamed ? renamed(view, placeOfPool(entity), "taskSlotsPerNode", "maxTasksPerNode") : view,
    );
}

const missingPaths = new Map<string, readonly (readonly string[])[]>();

function missingIn(version: ApiVersion, entity: Entity): readonly (readonly string[])[] {
  const key = `${entity} ${version}`;
  let paths = missingPaths.get(key);
  if (paths === undefined) {
    paths = propertiesMissingIn(version, entity).map((path) => path.split("."));
    missingPaths.set(key, paths);
  }
  return paths;
}

function hasPath(value: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return value !== undefined && value !== null;
  // No list has lists in it; a body may have as many as it likes.
  if (Array.isArray(value)) return value.some((item) => !Array.isArray(item) && hasPath(item, [name, ...rest]));
  return isObject(value) && hasPath(value[name], rest);
}

function without(value: object, [name = "", ...rest]: readonly string[]): object {
  if (Array.isArray(value)) return value.map((item: object) => without(item, [name, ...rest]));
  if (!(name in value)) return value;
  const entries = Object.entries(value) as [string, unknown][];
  if (rest.length === 0) return Object.fromEntries(entries.filter(([key]) => key !== name));
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, key === name && isObject(inner) ? without(inner, rest) : inner]),
  );
}

/** Where the entity describes a pool, if it does. */
function placeOfPool(entity: Entity): readonly string[] {
  const ofJob = ["poolInfo", "autoPoolSpecification", "pool"];
  if (entity === "jobSchedule") return ["jobSpecification", ...ofJob];
  return entity === "job" || entity === "jobPatch" ? ofJob : [];
}

/** Renames a property of what is found in the place. */
function renamed(value: object, [name, ...rest]: readonly string[], from: string, to: string): object {
  if (!((name ?? from) in value)) return value;
  const entries = Object.entries(value) as [string, unknown][];
  if (name === undefined) return Object.fromEntries(entries.map(([key, inner]) => [key === from ? to : key, inner]));
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, key === name && isObject(inner) ? renamed(inner, rest, from, to) : inner]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
