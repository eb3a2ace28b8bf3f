import { join } from "node:path";
import type { Confinement } from "../../confined.ts";
import { HEADERS } from "../../limits.ts";
import { taskRoot } from "../../model/nodeFolders.ts";
import { ServiceError } from "../../serviceError.ts";
import { timestamp } from "../../timestamp.ts";
import { param } from "../call.ts";
import type { Call, Handler, Reply } from "../call.ts";
import { checkConditions } from "../conditionalHeaders.ts";
import { FIELDS } from "../fields.ts";
import { listReply } from "../listing.ts";
import { deleteNodeFile, listNodeFiles, openNodeFile, parseRange, readNodeFile } from "../nodeFiles.ts";
import type { ListedFile, NodeFile } from "../nodeFiles.ts";
import { nodeOf } from "./nodeHandlers.ts";
import { taskOf } from "./taskHandlers.ts";

interface Root extends Confinement {
  readonly url: string;
}

type FindRoot = (call: Call) => Root;

/** The files of a task, wherever it ran. */
export const taskFiles: FindRoot = (call) => {
  const { record, job } = taskOf(call);
  const { node: place, filesCleanedUp, execution } = record.progress;
  if (filesCleanedUp === true) throw new ServiceError("TaskFilesCleanedup");
  if (place === undefined || execution.startTime === undefined) throw new ServiceError("TaskFilesUnavailable");
  const { store } = call.engine;
  const pool = store.pools.get(place.poolId.toLowerCase());
  const node = pool?.nodes.get(place.nodeId.toLowerCase());
  if (node === undefined) throw new ServiceError("NodeNotFound");
  return {
    below: call.engine.nodesFolder,
    folder: join(node.record.folder, ...taskRoot(job.record.id, record.id).split("/")),
    url: `${call.baseUrl}/jobs/${job.record.id}/tasks/${record.id}/files`,
  };
};

export const nodeFiles: FindRoot = (call) => {
  const { record, pool } = nodeOf(call);
  if (record.state === "preempted" || record.state === "unusable") throw new ServiceError("NodeStateUnusable");
  return {
    below: call.engine.nodesFolder,
    folder: record.folder,
    url: `${call.baseUrl}/pools/${pool.record.id}/nodes/${record.id}/files`,
  };
};

export function getFile(findRoot: FindRoot): Handler {
  return async (call) => {
    const root = findRoot(call);
    const file = await open(call, root);
    if (file.stats.isDirectory()) throw new ServiceError("FileNotFound");
    const range = parseRange(header(call, HEADERS.RANGE), file.stats.size, call.engine.choices.emptyFileRange);
    const stream = await readNodeFile(file, range ?? { start: 0, length: file.stats.size });
    return {
      status: 200,
      headers: {
        ...propertiesOf(call, root, file),
        ...(range !== undefined && { "Content-Length": String(range.length) }),
      },
      ...(stream !== undefined && { stream }),
    };
  };
}

export function headFile(findRoot: FindRoot): Handler {
  return async (call) => {
    const root = findRoot(call);
    const file = await open(call, root);
    const length = file.stats.isDirectory() ? {} : { "Content-Length": String(file.stats.size) };
    return { status: 200, headers: { ...propertiesOf(call, root, file), ...length } };
  };
}

export function listFiles(findRoot: FindRoot): Handler {
  return async (call) => {
    const root = findRoot(call);
    const files = await listNodeFiles(root, readFlag(call, "recursive"));
    return listReply(call, {
      items: files.entries(),
      position: ([index]) => index + 1,
      view: ([, file]) => fileView(root, file),
      fields: FIELDS.file,
      kind: "files",
    });
  };
}

export function deleteFile(findRoot: FindRoot): Handler {
  return async (call): Promise<Reply> => {
    await deleteNodeFile(findRoot(call), param(call, "path"), readFlag(call, "recursive"));
    return { status: 200 };
  };
}

async function open(call: Call, root: Root): Promise<NodeFile> {
  const file = await openNodeFile(root, param(call, "path"));
  checkConditions(call, { lastModified: timestamp(Math.floor(file.stats.mtimeMs)) }, "read");
  return file;
}

function propertiesOf(call: Call, root: Root, { stats }: NodeFile): Record<string, string> {
  const path = param(call, "path");
  const isDirectory = stats.isDirectory();
  return {
    "Content-Type": contentTypeOf(path),
    "Last-Modified": new Date(stats.mtimeMs).toUTCString(),
    // Capitalised as in the service, so that clients which expect a boolean get a string.
    [HEADERS.FILE_IS_DIRECTORY]: isDirectory ? "True" : "False",
    [HEADERS.FILE_MODE]: modeOf(stats.mode),
    [HEADERS.FILE_URL]: encodeURIComponent(`${root.url}/${path}`),
  };
}

/** The length is a string, as all of the service's 64-bit numbers are. Folders have no properties. */
function fileView(root: Root, { name, stats }: ListedFile): object {
  const url = `${root.url}/${name}`;
  if (stats.isDirectory()) return { name, url, isDirectory: true };
  return {
    name,
    url,
    isDirectory: false,
    properties: {
      lastModified: timestamp(Math.floor(stats.mtimeMs)),
      contentLength: String(stats.size),
      contentType: contentTypeOf(name),
      fileMode: modeOf(stats.mode),
    },
  };
}

function contentTypeOf(name: string): string {
  return /\.(?:txt|log|json|csv|xml|sh)$/i.test(name) ? "text/plain" : "application/octet-stream";
}

function modeOf(mode: number): string {
  return `0o${mode.toString(8)}`;
}

function readFlag(call: Call, name: string): boolean {
  return call.query.get(name)?.toLowerCase() === "true";
}

function header(call: Call, name: string): string | undefined {
  const value = call.headers[name];
  return typeof value === "string" ? value : undefined;
}
