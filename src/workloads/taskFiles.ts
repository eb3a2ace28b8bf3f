import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Workload } from "./workload.ts";

/** Names in a task's working directory, the same for every workload, so no name that a user chose ever gets there. */
export const TASK_FILES = {
  script: "task.sh",
  input: "input",
  result: "result",
  report: "report.json",
  stdout: "../stdout.txt",
  stderr: "../stderr.txt",
} as const;

interface TaskScript {
  readonly text: string;
  /** In hexadecimal digits. */
  readonly sha256: string;
  /** Named by its content, so that tasks of an older version of the app keep the script they were added with. */
  readonly blobName: string;
}

export function readTaskScript({ name, script }: Workload): TaskScript {
  const text = readFileSync(script, "utf8");
  const sha256 = createHash("sha256").update(text).digest("hex");
  return { text, sha256, blobName: `${name}-${sha256.slice(0, 16)}.sh` };
}
