import { TASK_FILES, readTaskScript } from "./taskFiles.ts";
import type { Workload } from "./workload.ts";

/**
 * Runs the workload's script, but nothing else: whoever can write to the container of the scripts could otherwise have
 * commands run on the nodes. `shasum` is for macOS. Batch has no shell of its own, and takes what is in single quotes as
 * one word. The check is for any POSIX shell, most of which start sooner than bash.
 */
export function checkedCommandLine(workload: Workload): string {
  const { sha256, blobName } = readTaskScript(workload);
  const { script } = TASK_FILES;
  const commands = [
    `sum=$({ sha256sum ${script} || shasum -a 256 ${script}; } 2>/dev/null)`,
    "sum=${sum%% *}",
    `if [ "$sum" = ${sha256} ]; then exec /bin/bash ${script}; fi`,
    `if [ -z "$sum" ]; then why="neither sha256sum nor shasum could check it"`,
    `else why="its SHA-256 is $sum, not ${sha256}: somebody has replaced the blob ${blobName} in the container of the scripts, and the next attempt puts it right"; fi`,
    `echo "${script} was not run: $why" >&2`,
    "exit 1",
  ];
  return `/bin/sh -c '${commands.join("; ")}'`;
}
