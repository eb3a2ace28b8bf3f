import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { text } from "node:stream/consumers";
import type { ContainerClient } from "@azure/storage-blob";
import { builtScript } from "../../../src/local/kit/appRoot.ts";
import type { ConversionRecord } from "../../../src/model/conversion.ts";
import { normalizeETag } from "../../../src/model/conversion.ts";
import type { ChaosStack } from "./chaosStack.ts";
import { containerOf, unlessMissing } from "./containers.ts";
import type { Content, FileChange, PlannedConvert } from "./plan.ts";
import type { Uploading } from "./uploading.ts";

/** What the command said of a file, and what it had to say. Undefined: a conversion. */
export interface FileOutcome {
  readonly name: string;
  readonly expected: "Changed" | "NotFound" | undefined;
  readonly said: string | undefined;
  readonly isInStorage: boolean;
}

/** Uploaded in several parts, and longer than what buffers hold. */
const PADDING_BYTES = 24 * 1024 * 1024;
/** A box of an MP4 that players skip: https://developer.apple.com/documentation/quicktime-file-format/free_space_atoms */
const FREE_BOX = "free";

const CHANGES: Readonly<Record<FileChange, (path: string) => void>> = {
  replaced: (path) => {
    writeFileSync(`${path}.new`, "another file");
    renameSync(`${path}.new`, path);
  },
  truncated: (path) => truncateSync(path, PADDING_BYTES / 2),
  deleted: (path) => rmSync(path),
};
/** The first three files are uploaded at a time, so this one is not open yet when the first of them changes. */
const DELETED_BEFORE = "4 deleted before its turn.mp4";
const UNCHANGED = "5 unchanged.mp4";
const POLL_MS = 100;

interface ChangingOptions {
  /** A new one for the files. */
  readonly folder: string;
  readonly bytesOf: (content: Content) => Promise<Buffer>;
  readonly onUploaded: () => void;
  readonly signal: AbortSignal;
}

/**
 * Runs `mp3drop convert` on a folder whose files are replaced, truncated and deleted while it uploads them. `onUploaded`: all
 * others have failed, and the one that stays as it is has been uploaded, or will never be.
 */
export async function convertChangingFiles(
  { changes, content, atMs }: PlannedConvert,
  stack: ChaosStack,
  uploading: Uploading,
  { folder, bytesOf, onUploaded, signal }: ChangingOptions,
): Promise<FileOutcome[]> {
  await delay(atMs, undefined, { signal });
  const bytes = await bytesOf(content);
  const padded = Buffer.concat([bytes, freeBox(PADDING_BYTES)]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, UNCHANGED), bytes);
  writeFileSync(join(folder, DELETED_BEFORE), padded);
  const changing = changes.map((change, index) => ({ name: `${index + 1} ${change}.mp4`, change }));
  for (const { name, change } of changing) {
    const path = join(folder, name);
    writeFileSync(path, padded);
    stack.proxy.duringUpload(name, () => {
      rmSync(join(folder, DELETED_BEFORE), { force: true });
      CHANGES[change](path);
      stack.count(`file ${change} while convert uploads it`);
    });
  }
  const input = containerOf(stack.connection, "input");
  let onOthersFailed = (): void => undefined;
  const othersFailed = new Promise<void>((resolve) => (onOthersFailed = resolve));
  let others = changing.length + 1;
  const onFailed = (): void => {
    if (--others === 0) onOthersFailed();
  };
  const converting = convert(stack, folder, { onFailed, signal });
  await announce(content, input, uploading, converting, signal);
  await Promise.race([othersFailed, converting]);
  onUploaded();
  const said = await converting;

  const expected: (readonly [string, FileOutcome["expected"]])[] = [
    ...changing.map(({ name }) => [name, "Changed"] as const),
    [DELETED_BEFORE, "NotFound"],
    [UNCHANGED, undefined],
  ];
  const outcomes = expected.map(async ([name, code]): Promise<FileOutcome> => {
    const found = await unlessMissing(input.getBlobClient(name).getProperties());
    return { name, expected: code, said: said.get(name), isInStorage: found !== undefined };
  });
  return Promise.all(outcomes);
}

/** The storage of Azure would announce what the command uploads; here the trial does. */
async function announce(
  content: Content,
  input: ContainerClient,
  uploading: Uploading,
  converting: Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  let hasEnded = false;
  const end = (): void => void (hasEnded = true);
  converting.then(end, end);
  while (!hasEnded) {
    const found = await unlessMissing(input.getBlobClient(UNCHANGED).getProperties());
    if (found?.etag !== undefined) {
      uploading.announce(UNCHANGED, normalizeETag(found.etag), content);
      return;
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

/** What became of each file, by the name of its blob: `succeeded`, or the code of the failure. */
async function convert(
  stack: ChaosStack,
  folder: string,
  { onFailed, signal }: { readonly onFailed: () => void; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, string>> {
  const { connection, proxied } = stack;
  const args = ["--connection-string", proxied, "--functions-url", connection.functions.url, "--json", "."];
  const child = spawn(process.execPath, [builtScript("cli/main.ts"), "convert", ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  const notes: string[] = [];
  createInterface(child.stderr).on("line", (line) => {
    notes.push(line);
    if (line.startsWith("✗ ")) onFailed();
  });
  const [json] = await Promise.all([text(child.stdout), once(child, "close")]);
  if (json === "") throw new Error(`mp3drop convert gave no answer:\n${notes.join("\n")}`);
  const { conversions } = JSON.parse(json) as { conversions: ConversionRecord[] };
  return new Map(conversions.map(({ input, error }) => [input.name, error === null ? "succeeded" : error.code]));
}

function freeBox(sizeBytes: number): Buffer {
  const box = Buffer.alloc(sizeBytes);
  box.writeUInt32BE(sizeBytes, 0);
  box.write(FREE_BOX, 4, "latin1");
  return box;
}
