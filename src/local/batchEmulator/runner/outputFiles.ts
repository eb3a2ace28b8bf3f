import { appendFileSync } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join, posix, relative, resolve, sep } from "node:path";
import type { Choices } from "../choices.ts";
import type { FailureInfo } from "../model/records.ts";
import type { OutputFile } from "../requestBodies/fileBodies.ts";
import { globDepth, matchesGlob, parseGlob } from "./glob.ts";
import { blobUrl, TransferError, upload } from "./storageTransfer.ts";
import { transferFailure } from "./transferFailure.ts";

interface Found {
  readonly path: string;
  readonly blobName: string;
}

/** Uploads what the patterns match, and logs it beside stdout.txt. Resolves with the first failure, if any. */
export async function sendOutputFiles(
  files: readonly OutputFile[],
  taskFolder: string,
  environment: Readonly<Record<string, string>>,
  missing: Choices["missingOutputFile"],
): Promise<FailureInfo | undefined> {
  const log = (name: string, line: string): void => appendFileSync(join(taskFolder, name), `${line}\n`);
  let first: FailureInfo | undefined;
  for (const file of files) {
    const failure = await sendOne(file, taskFolder, environment, missing, (line) => log("fileuploadout.txt", line));
    if (failure === undefined) continue;
    log("fileuploaderr.txt", `${file.filePattern}: ${failure.code}: ${failure.message}`);
    first ??= failure;
  }
  return first;
}

/** The files that a pattern names, all inside the task's folder. Undefined when the pattern leaves it. */
async function findOutputFiles(
  filePattern: string,
  path: string | undefined,
  taskFolder: string,
  environment: Readonly<Record<string, string>>,
): Promise<readonly Found[] | undefined> {
  const pattern = expandVariables(filePattern, environment).replaceAll("\\", "/");
  const { fixed, wild } = parseGlob(pattern);
  const base = resolve(taskFolder, "wd", fixed.join("/") || (pattern.startsWith("/") ? "/" : "."));
  if (!isInside(taskFolder, base)) return undefined;
  if (wild === undefined) {
    const isThere = await isFileInside(base, taskFolder);
    return isThere ? [{ path: base, blobName: path ?? basename(base) }] : [];
  }
  const found: Found[] = [];
  for (const name of await walk(base, globDepth(wild))) {
    const file = join(base, name);
    if (matchesGlob(wild, name) && (await isFileInside(file, taskFolder))) {
      found.push({ path: file, blobName: path === undefined || path === "" ? name : posix.join(path, name) });
    }
  }
  return found;
}

async function sendOne(
  file: OutputFile,
  taskFolder: string,
  environment: Readonly<Record<string, string>>,
  missing: Choices["missingOutputFile"],
  log: (line: string) => void,
): Promise<FailureInfo | undefined> {
  const { path, containerUrl, uploadHeaders } = file.destination.container;
  const found = await findOutputFiles(file.filePattern, path, taskFolder, environment);
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
  for (const { path: source, blobName } of found) {
    try {
      await upload(source, blobUrl(containerUrl, blobName), headers);
      log(`${relative(taskFolder, source)} -> ${blobName}`);
    } catch (error) {
      return failureOf(error, relative(taskFolder, source));
    }
  }
  return undefined;
}

function expandVariables(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\$(?:\{(\w+)\}|(\w+))|%(\w+)%/g,
    (whole, braced?: string, plain?: string, percent?: string) =>
      environment[braced ?? plain ?? percent ?? ""] ?? whole,
  );
}

async function walk(base: string, depth: number, prefix = ""): Promise<string[]> {
  const entries = await readdir(join(base, prefix), { withFileTypes: true }).catch(() => []);
  const names: string[] = [];
  for (const entry of entries) {
    const name = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (!entry.isDirectory()) names.push(name);
    else if (depth > 1) names.push(...(await walk(base, depth - 1, name)));
  }
  return names;
}

async function isFileInside(path: string, folder: string): Promise<boolean> {
  try {
    // A link may point anywhere.
    return (await stat(path)).isFile() && isInside(await realpath(folder), await realpath(path));
  } catch {
    return false;
  }
}

function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

function failureOf(error: unknown, path: string): FailureInfo {
  const status = error instanceof TransferError ? error.status : undefined;
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
