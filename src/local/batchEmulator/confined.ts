import { realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** A folder that a task may write to, below one that no task replaces. */
export interface Confinement {
  readonly folder: string;
  readonly below: string;
}

/**
 * Where a path really leads. Undefined when nothing is there, or when a link leads out of the folder: whoever may look at
 * the files of a task or node may not look at others by way of a link that a task has made. That holds for the folder
 * itself and those on the way to it, too.
 */
export async function realPathIn({ folder, below }: Confinement, path: string): Promise<string | undefined> {
  try {
    const allowed = join(await realpath(below), relative(below, folder));
    const real = await realpath(path);
    return real === allowed || real.startsWith(allowed + sep) ? real : undefined;
  } catch {
    return undefined;
  }
}
