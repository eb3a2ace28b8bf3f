import { setTimeout as delay } from "node:timers/promises";
import type { DataFolder } from "../../local/stack/dataFolder.ts";
import { lockHolder } from "../../local/stack/dataFolder.ts";
import { enterAsGuest, guestsOf } from "../../local/stack/guests.ts";
import type { LocalStack } from "../../local/stack/localStack.ts";
import { startLocalStack } from "../../local/stack/localStack.ts";
import type { StackConnection } from "../../local/stack/stackState.ts";
import { findAnnouncedStack } from "../../local/stack/stackState.ts";
import type { BlobNews } from "../../local/kit/blobNews.ts";
import { blobNewsIn } from "../../local/azurite/news.ts";
import { errorMessage } from "../../local/kit/errorText.ts";
import { createFailure } from "../../local/kit/failure.ts";
import { followNews } from "../../local/kit/newsFile.ts";
import type { ProcessIdentity } from "../../local/kit/processIdentity.ts";
import { undoAll } from "../../local/kit/undo.ts";
import { UserError } from "../../local/kit/userError.ts";
import type { CommandContext } from "../commandContext.ts";
import { styled } from "../../local/kit/commandLine/output.ts";
import { printable } from "../../local/kit/commandLine/printable.ts";
import { apiAt } from "./app.ts";
import { ClientFailure } from "./clientFailure.ts";
import { RETRY_OPTIONS, containersFrom } from "./storageSettings.ts";
import type { Target, TargetOptions } from "./target.ts";

const POLL_MS = 200;
const STARTING_BOUND_MS = 60_000;
const PICK_UP_BOUND_MS = 180_000;
const FASTEST_LOOK_MS = 100;
const ANY_PORTS = { blob: 0, queue: 0, table: 0, batch: 0, functions: 0 };

/** The stack that already runs on the data folder, or one that this process starts and stops when it is done. */
export async function useLocalStack(
  folder: DataFolder,
  options: TargetOptions,
  context: CommandContext,
): Promise<Target> {
  const deadline = Date.now() + STARTING_BOUND_MS;
  for (let hasSaidSo = false; ;) {
    const guest = await enterRunningStack(folder, options, context);
    if (guest !== undefined) return guest;
    const holder = lockHolder(folder);
    if (holder === undefined) {
      const own = await startOwnStack(folder, options, context);
      if (own !== undefined) return own;
    } else if (Date.now() > deadline) {
      throw new UserError(
        "StackNotReady",
        `The stack that process ${holder.pid} started on ${folder.path} is still not ready`,
        {
          hint: `Stop it, or choose another data folder with --data. Logs: ${folder.logs}`,
        },
      );
    } else if (!hasSaidSo) {
      hasSaidSo = true;
      context.output.note(
        `Waiting for process ${holder.pid}, which is starting or stopping a stack on ${printable(folder.path)}`,
      );
    }
    await delay(POLL_MS, undefined, { signal: context.signal });
  }
}

async function enterRunningStack(
  folder: DataFolder,
  options: TargetOptions,
  { env }: CommandContext,
): Promise<Target | undefined> {
  if (findAnnouncedStack(folder) === undefined) return undefined;
  const leave = enterAsGuest(folder);
  // Looked up again, because an owner that is stopping hides the stack first and counts its guests afterwards.
  const connection = findAnnouncedStack(folder);
  const owner = lockHolder(folder);
  if (connection === undefined || owner === undefined) {
    leave();
    return undefined;
  }
  const { failed: lost, fail } = createFailure();
  const watching = setInterval(() => {
    if (!isHeldBy(folder, owner)) fail(stackStopped("The local stack was stopped"));
  }, POLL_MS * 5);
  return targetAt(folder, connection, options, env, lost, async () => {
    clearInterval(watching);
    leave();
  });
}

/** A lock that cannot be read for a moment does not say that its holder is gone. */
function isHeldBy(folder: DataFolder, owner: ProcessIdentity): boolean {
  try {
    return lockHolder(folder)?.pid === owner.pid;
  } catch {
    return true;
  }
}

/** Undefined if another process was faster. */
async function startOwnStack(
  folder: DataFolder,
  options: TargetOptions,
  context: CommandContext,
): Promise<Target | undefined> {
  const { env, output, signal } = context;
  let stack: LocalStack;
  output.note(`Starting a local stack on ${printable(folder.path)}`);
  try {
    stack = await startLocalStack({
      data: folder.path,
      ports: ANY_PORTS,
      env,
      signal,
      onNotice: (message) => output.note(styled("yellow", printable(message))),
      ...(options.verbose && { onLine: (service, line) => output.note(`${service}: ${printable(line)}`) }),
    });
  } catch (error) {
    if (error instanceof UserError && error.code === "DataFolderInUse") return undefined;
    throw error;
  }
  output.note(`Converting with ${printable(stack.ffmpeg.description)}`);
  if (stack.ffmpeg.advice !== undefined) output.note(styled("yellow", stack.ffmpeg.advice));
  const { failed: lost, fail } = createFailure();
  const failure = new AbortController();
  stack.failed.catch((error: unknown) => {
    fail(stackStopped(errorMessage(error)));
    failure.abort();
  });
  const target = await targetAt(folder, stack.connection, options, env, lost, async (interrupted) => {
    // Guests learn that the stack has failed only from its stop.
    const leaveAtOnce = AbortSignal.any([interrupted, failure.signal]);
    await undoAll([() => stack.stop(), () => waitForGuests(folder, context, leaveAtOnce), () => stack.hide()]);
  });
  return { ...target, stopsWithUs: true };
}

/** Other processes may have started to use the stack of this one. */
async function waitForGuests(folder: DataFolder, { output }: CommandContext, signal: AbortSignal): Promise<void> {
  for (let hasSaidSo = false; guestsOf(folder).length > 0 && !signal.aborted; hasSaidSo = true) {
    if (!hasSaidSo) output.note("Another mp3drop convert is still using this stack; it stops when that one is done");
    await delay(POLL_MS);
  }
}

async function targetAt(
  folder: DataFolder,
  { storage, functions, settings }: StackConnection,
  options: TargetOptions,
  env: NodeJS.ProcessEnv,
  lost: Promise<never>,
  close: Target["close"],
): Promise<Target> {
  const { BlobServiceClient } = await import("@azure/storage-blob");
  const { endingSilence } = await import("./silentStorage.ts");
  return {
    app: {
      storage: endingSilence(BlobServiceClient.fromConnectionString(storage.connectionString), RETRY_OPTIONS),
      containers: containersFrom({ ...env, ...settings }),
      // The stack needs no key, and gets none that is for another app.
      api: options.functionsUrl === undefined ? apiAt(functions.url, {}) : apiAt(options.functionsUrl, env),
    },
    pickUpBoundMs: PICK_UP_BOUND_MS,
    fastestLookMs: FASTEST_LOOK_MS,
    followBlobs: (onNews, onFailure) => followNews<BlobNews>(blobNewsIn(folder.azurite), onNews, onFailure),
    lost,
    close,
  };
}

function stackStopped(message: string): ClientFailure {
  return new ClientFailure(
    "StackStopped",
    message,
    "What was uploaded is converted the next time a stack runs on the data folder.",
  );
}
