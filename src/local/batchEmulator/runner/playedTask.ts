import { cp } from "node:fs/promises";
import type { Outcome } from "./taskRunner.ts";

/**
 * Leaves in the folder of a task what a run of it has left before: `stdout.txt`, `stderr.txt` and `wd/` of the played
 * folder. Nothing runs, and the exit code is 0.
 */
export async function playTask(played: string, folder: string): Promise<Outcome> {
  await cp(played, folder, { recursive: true });
  return { kind: "exited", exitCode: 0 };
}
