import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findAppRoot } from "../../local/kit/appRoot.ts";
import { errorMessage } from "../../local/kit/errorText.ts";
import { findFreePort } from "../../local/kit/listen.ts";
import { UserError } from "../../local/kit/userError.ts";
import type { DataFolder } from "../../local/stack/dataFolder.ts";
import { lockHolder, refuseOthersFolder } from "../../local/stack/dataFolder.ts";
import { checkFfmpeg, describeFfmpeg, findFfmpeg } from "../../local/stack/ffmpeg.ts";
import { DEFAULT_PORTS, SERVICES } from "../../local/stack/ports.ts";
import type { StackPorts } from "../../local/stack/stackState.ts";
import type { Environment } from "../../model/settings.ts";
import { formatBytes } from "../format.ts";
import { findingOfFailure } from "./failure.ts";
import type { Finding } from "./finding.ts";
import { ok, warning, wrong } from "./finding.ts";

/** Below that, a few videos fill the disk. */
const LITTLE_SPACE_BYTES = 2e9;

/** `version` is that of the running Node.js. */
export function checkNode(version = process.versions.node): Finding {
  const { engines } = JSON.parse(readFileSync(join(findAppRoot(), "package.json"), "utf8")) as {
    engines: { node: string };
  };
  const least = engines.node.replace(/^>=/, "");
  if (isAtLeast(version, least)) return ok("Node.js", version);
  return wrong("Node.js", `${version} is too old`, `Install ${least} or newer: https://nodejs.org/en/download`);
}

function isAtLeast(version: string, least: string): boolean {
  return version.localeCompare(least, "en", { numeric: true }) >= 0;
}

export async function checkTools(env: Environment): Promise<Finding[]> {
  const paths = findFfmpeg(env);
  const versions = await checkFfmpeg(paths);
  const { advice } = describeFfmpeg(paths, versions);
  const detail = versions.join(", ");
  return [advice === undefined ? ok("ffmpeg", detail) : warning("ffmpeg", detail, advice)];
}

/** Whether a stack could keep its state there. Makes nothing. */
export async function checkDataFolder(
  folder: DataFolder,
  readFreeBytes: (path: string) => Promise<number> = freeBytesAt,
): Promise<Finding[]> {
  const { path } = folder;
  refuseOthersFolder(folder);
  const there = nearestThere(path);
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
  } catch (error) {
    return [
      wrong("data folder", `${path} cannot be written: ${errorMessage(error)}`, "Choose another one with --data."),
    ];
  }
  const freeBytes = await readFreeBytes(there);
  const free = `${formatBytes(freeBytes)} free`;
  const detail = there === path ? `${path}, ${free}` : `${path} is made by the first start, ${free}`;
  if (freeBytes >= LITTLE_SPACE_BYTES) return [ok("data folder", detail)];
  return [warning("data folder", detail, "Free some space: on a full disk the stack stops.")];
}

async function freeBytesAt(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

function nearestThere(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestThere(dirname(path));
}

/** Whether `mp3drop local` could start without an option. Those of a stack that starts or stops are in use. */
export async function checkPorts(folder: DataFolder, ports: StackPorts = DEFAULT_PORTS): Promise<Finding[]> {
  const holder = lockHolder(folder);
  if (holder !== undefined) {
    return [warning("local stack", `process ${holder.pid} is starting or stopping it`, "Look again in a moment.")];
  }
  const names = Object.keys(SERVICES) as (keyof StackPorts)[];
  const taken = await Promise.all(names.map((name) => problemOfPort(name, ports[name])));
  const problems = taken.flat();
  if (problems.length > 0) return problems;
  return [ok("ports", `${names.map((name) => ports[name]).join(", ")} are free`)];
}

/** `convert` takes any ports, and so can `local`. */
async function problemOfPort(name: keyof StackPorts, port: number): Promise<Finding[]> {
  try {
    await findFreePort({ port, ...SERVICES[name] });
    return [];
  } catch (error) {
    if (error instanceof UserError) return [warning(`port ${port}`, error.message, error.hint)];
    return [findingOfFailure(`port ${port}`, error)];
  }
}
