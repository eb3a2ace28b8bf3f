import * as v from "valibot";
import { LIMITS } from "../limits.ts";
import { invalidProperty } from "../serviceError.ts";
import { choice, nameValue, optional, unsupported } from "./schema.ts";

/** Only the node knows where the working directory is, so the path must stay inside it. */
function isInside(path: string): boolean {
  return !path.startsWith("/") && !path.split("/").includes("..") && !path.includes("\0");
}

const url = v.pipe(
  v.string(),
  v.check((text) => URL.canParse(text) && /^https?:/i.test(text), "Must be an absolute http or https URL"),
);

const filePath = v.pipe(
  v.string(),
  v.minLength(1, "Must not be empty"),
  v.check(isInside, "Must be a relative path inside the working directory of the task"),
);

/** A managed identity of the pool, by its id in Azure Resource Manager. Whether the pool has it shows on the node. */
const identityReference = v.object({ resourceId: v.pipe(v.string(), v.minLength(1, "Must not be empty")) });
export type IdentityReference = v.InferOutput<typeof identityReference>;

export const resourceFile = v.pipe(
  v.object({
    httpUrl: optional(url),
    storageContainerUrl: optional(url),
    autoStorageContainerName: unsupported("autoStorageContainerName"),
    identityReference: optional(identityReference),
    blobPrefix: optional(v.string()),
    filePath: optional(filePath),
    fileMode: optional(v.pipe(v.string(), v.regex(/^[0-7]{3,4}$/, "Must be an octal mode such as 0770"))),
  }),
  v.check(
    (file) => (file.httpUrl === undefined) !== (file.storageContainerUrl === undefined),
    "Exactly one of httpUrl and storageContainerUrl must be given",
  ),
  v.check((file) => file.httpUrl === undefined || file.filePath !== undefined, "httpUrl needs a filePath"),
  v.check(
    (file) => file.httpUrl === undefined || file.blobPrefix === undefined,
    "blobPrefix needs storageContainerUrl",
  ),
);
export type ResourceFile = v.InferOutput<typeof resourceFile>;

/** Throws if the files of a task take more space than the service has for them. */
export function checkSizeOfResourceFiles(files: readonly ResourceFile[]): void {
  if (files.length === 0 || JSON.stringify(files).length <= LIMITS.MAX_RESOURCE_FILES_CHARACTERS) return;
  throw invalidProperty(
    "resourceFiles",
    `${files.length} files`,
    `Total size of resourceFiles cannot be more than ${LIMITS.MAX_RESOURCE_FILES_CHARACTERS} characters`,
  );
}

/** Up to the task's folder, where stdout.txt is, and no further. Variables get their values on the node. */
function staysInTask(pattern: string): boolean {
  if (/^[$%]/.test(pattern)) return true;
  // Where a node keeps its tasks is not yet known.
  if (pattern.startsWith("/")) return true;
  let depth = 1;
  for (const segment of pattern.split("/")) {
    if (segment === "..") depth--;
    else if (segment !== "." && segment !== "") depth++;
    if (depth < 0) return false;
  }
  return true;
}

export const outputFile = v.object({
  filePattern: v.pipe(
    v.string(),
    v.minLength(1, "Must not be empty"),
    v.check(staysInTask, "Must stay in the directory of the task"),
  ),
  destination: v.object({
    container: v.object({
      path: optional(v.string()),
      containerUrl: url,
      identityReference: optional(identityReference),
      uploadHeaders: optional(v.array(nameValue)),
    }),
  }),
  uploadOptions: v.nullish(
    v.object({
      uploadCondition: v.nullish(choice(["TaskSuccess", "TaskFailure", "TaskCompletion"]), "TaskCompletion"),
    }),
    {},
  ),
});
export type OutputFile = v.InferOutput<typeof outputFile>;
