import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../kit/userError.ts";

const ANSWER_TIMEOUT_MS = 2_000;

/**
 * Keeps a second host from writing to the same folder. The file names a URL under which its owner answers, so what a
 * killed host leaves behind is recognised, and a process that has got the same id since does not matter.
 */
export async function lockFolder(folder: string, ownUrl: string): Promise<() => void> {
  const path = join(folder, "host.lock");
  createFolder(folder);
  if (!write(path, ownUrl)) {
    const owner = readFileSync(path, "utf8");
    if (await answers(owner)) {
      throw new UserError("DataFolderInUse", `Another Functions host works in ${folder}`, {
        hint: "Stop it, or choose another data folder with --data.",
      });
    }
    rmSync(path, { force: true });
    if (!write(path, ownUrl)) {
      throw new UserError("DataFolderInUse", `Another Functions host has just started in ${folder}`);
    }
  }
  return () => rmSync(path, { force: true });
}

function createFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw unusable(folder, cause);
  }
}

/** False when the file is there. */
function write(path: string, url: string): boolean {
  try {
    writeFileSync(path, url, { flag: "wx" });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw unusable(path, cause);
  }
}

function unusable(path: string, cause: unknown): UserError {
  return new UserError("BadDataFolder", `The data folder cannot be used: ${(cause as Error).message}`, {
    cause,
    hint: `Make ${path} writable, or choose another data folder with --data.`,
  });
}

async function answers(url: string): Promise<boolean> {
  if (!URL.canParse(url)) return false;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return response.status === 204;
  } catch (error) {
    // A host that is busy is there all the same.
    return (error as Error).name === "TimeoutError";
  }
}
