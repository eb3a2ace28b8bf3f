import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, copyFileSync, mkdirSync, openSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { builtScript } from "../../../src/local/kit/appRoot.ts";
import { SettingsReader } from "../../../src/model/settings.ts";
import { findFfmpeg, linkFfmpeg } from "../../../src/local/stack/ffmpeg.ts";
import { mp3 } from "../../../src/workloads/mp3/index.ts";
import { TASK_FILES } from "../../../src/workloads/taskFiles.ts";

interface PlayedTask {
  /** As a task leaves it. */
  readonly folder: string;
  readonly resultBytes: number;
}

/** Runs the task's real script on the video once, and keeps the folder of the task for all others to leave a copy of. */
export async function makePlayedTask(env: NodeJS.ProcessEnv, video: Buffer, root: string): Promise<PlayedTask> {
  const folder = join(root, "task");
  const wd = join(folder, "wd");
  const bin = join(root, "bin");
  mkdirSync(wd, { recursive: true });
  linkFfmpeg(bin, findFfmpeg(env));
  copyFileSync(builtScript("workloads/mp3/convert.sh"), join(wd, TASK_FILES.script));
  writeFileSync(join(wd, TASK_FILES.input), video);
  const streams = [TASK_FILES.stdout, TASK_FILES.stderr].map((file) => openSync(join(wd, file), "w"));
  const child = spawn("/bin/bash", [TASK_FILES.script], {
    cwd: wd,
    env: { PATH: [bin, env["PATH"]].join(delimiter), ...mp3.environment(new SettingsReader(env)) },
    stdio: ["ignore", ...streams],
  });
  const [code] = (await once(child, "close")) as [number | null];
  for (const stream of streams) closeSync(stream);
  if (code !== 0) throw new Error(`The script of the task ended with ${code}; its files are in ${folder}`);
  return { folder, resultBytes: statSync(join(wd, TASK_FILES.result)).size };
}
