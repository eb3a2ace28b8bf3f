import { appendFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join, posix, relative, resolve, sep } from "node:path";
import type { Choices } from "../choices.ts";
import { realPathIn } from "../confined.ts";
import type { Confinement } from "../confined.ts";
import type { FailureInfo } from "../model/records.ts";
import type { OutputFile } from "../requestBodies/fileBodies.ts";
import { globDepth, matchesGlob, parseGlob } from "./glob.ts";
import type { NodeIdentities } from "./nodeIdentities.ts";
import { blobUrl, upload } from "./storageTransfer.ts";
import { transferFailure } from "./transferFailure.ts";
import { statusOf } from "./transferRetries.ts";
import type { TransferContext } from "./transferRetries.ts";

interface Found {
  readonly path: string;
  /** Where it is when all links have been followed. */
  readonly real: string;
  readonly blobName: string;
}

export interface UploadPlace {
  readonly task: Confinement;
  readonly environment: Readonly<Record<string, string>>;
  readonly missing: Choices["missingOutputFile"];
  readonly transfers: TransferContext;
  readonly identities: NodeIdentities;
}

/** Uploads what the patterns match, and logs it beside stdout.txt. Resolves with the first failure, if any. */
export async function sendOutputFiles(
  files: readonly OutputFile[],
  place: UploadPlace,
): Promise<FailureInfo | undefined> {
  const log = (name: string, line: string): void => appendFileSync(join(place.task.folder, name), `${line}\n`);
  let first: FailureInfo | undefined;
  for (const file of files) {
    if (place.transfers.signal.aborted) return first;
    const failure = await sendOne(file, place, (line) => log("fileuploadout.txt", line));
    if (failure === undefined || place.transfers.signal.aborted) continue;
    log("fileuploaderr.txt", `${file.filePattern}: ${failure.code}: ${failure.message}`);
    first ??= failure;
  }
  return first;
}

/** The files that a pattern names, all inside the task's folder. Undefined when the pattern leaves it. */
async function findOutputFiles(
  filePattern: string,
  path: string | undefined,
  { task, environment }: UploadPlace,
): Promise<readonly Found[] | undefined> {
  const pattern = expandVariables(filePattern, environment).replaceAll("\\", "/");
  const { fixed, wild } = parseGlob(pattern);
  const base = resolve(task.folder, "wd", fixed.join("/") || (pattern.startsWith("/") ? "/" : "."));
  if (!isInside(task.folder, base)) return undefined;
  if (wild === undefined) {
    const real = await realFile(base, task);
    return real === undefined ? [] : [{ path: base, real, blobName: path ?? basename(base) }];
  }
  const found: Found[] = [];
  for await (const name of walk(base, globDepth(wild))) {
    if (!matchesGlob(wild, name)) continue;
    const file = join(base, name);
    const real = await realFile(file, task);
    const blobName = path === undefined || path === "" ? name : posix.join(path, name);
    if (real !== undefined) found.push({ path: file, real, blobName });
  }
  return found;
}

async function sendOne(
  file: OutputFile,
  place: UploadPlace,
  log: (line: string) => void,
): Promise<FailureInfo | undefined> {
  const { path, containerUrl, identityReference, uploadHeaders } = file.destination.container;
  const { missing, transfers, identities, task } = place;
  const found = await findOutputFiles(file.filePattern, path, place);
  if (found === undefined) {
    return transferFailure(
      "UserError",
      "FileUploadMiscError",
      "The file pattern leaves the directory of the task",
      file.filePattern,
    );
  }
  if (found.length === 0 && missing === "fail" && parseGlob(file.filePattern).wild === undefined) {
    return transferFailure("UserError", "FileUploadMiscError", "The file to upload does not exist", file.filePattern);
  }
  const headers = Object.fromEntries((uploadHeaders ?? []).map(({ name, value }) => [name, value ?? ""]));
  const sign = (url: string): Promise<string> => identities.sign(url, identityReference, "write");
  for (const { path: source, real, blobName } of found) {
    const name = relative(task.folder, source);
    try {
      await upload(real, blobUrl(containerUrl, blobName), headers, { ...transfers, sign });
    } catch (error) {
      return failureOf(error, name);
    }
    log(`${name} -> ${blobName}`);
  }
  return undefined;
}

function expandVariables(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\$(?:\{(\w+)\}|(\w+))|%(\w+)%/g,
    (whole, braced?: string, plain?: string, percent?: string) => {
      const name = braced ?? plain ?? percent ?? "";
      return Object.hasOwn(environment, name) ? (environment[name] ?? whole) : whole;
    },
  );
}

/** The paths of all that is no folder, relative to the base. Links are not followed. */
async function* walk(base: string, depth: number, prefix = ""): AsyncIterable<string> {
  const entries = await readdir(join(base, prefix), { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const name = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (!entry.isDirectory()) yield name;
    else if (depth > 1) yield* walk(base, depth - 1, name);
  }
}

async function realFile(path: string, task: Confinement): Promise<string | undefined> {
  const real = await realPathIn(task, path);
  const stats = real === undefined ? undefined : await stat(real).catch(() => undefined);
  return stats?.isFile() === true ? real : undefined;
}

function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

function failureOf(error: unknown, path: string): FailureInfo {
  const status = statusOf(error);
  if (status === 401 || status === 403) {
    return transferFailure(
      "UserError",
      "FileUploadAccessDenied",
      "Access was denied while attempting to upload an output file",
      path,
      status,
    );
  }
  if (status === 404) {
    const message = "One of the specified Azure container(s) was not found while attempting to upload an output file";
    return transferFailure("UserError", "FileUploadContainerNotFound", message, path, status);
  }
  if (status === 409 || status === 412) {
    return transferFailure(
      "UserError",
      "FileUploadConflict",
      "A conflict occurred while attempting to upload an output file",
      path,
      status,
    );
  }
  const message = "A miscellaneous error was encountered while uploading one of the output files";
  return transferFailure("ServerError", "FileUploadMiscError", message, path, status);
}
