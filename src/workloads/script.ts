import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** Names in the task's working directory, fixed so that no name of a user's gets there; convert.sh knows them too. */
export const TASK_FILES = {
  script: "convert.sh",
  input: "input.mp4",
  mp3: "output.mp3",
  report: "report.json",
  stdout: "../stdout.txt",
  stderr: "../stderr.txt",
} as const;

const SCRIPT_FILE = new URL("./mp3/convert.sh", import.meta.url);

export interface TaskScript {
  readonly text: string;
  /** Named by its content, so that tasks of an older version of the app keep the script they were added with. */
  readonly blobName: string;
}

export function readTaskScript(): TaskScript {
  const text = readFileSync(SCRIPT_FILE, "utf8");
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return { text, blobName: `convert-${hash}.sh` };
}
