import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { findFfmpeg, linkFfmpeg } from "../../../src/local/stack/ffmpeg.ts";
import { parseReport } from "../../../src/results/taskReport.ts";
import { mp3 } from "../../../src/workloads/mp3/index.ts";
import type { Review, TaskReport } from "../../../src/workloads/workload.ts";
import { FIXTURE_FFMPEG } from "../../fixtureFfmpeg.ts";
import { temporaryFolder } from "../../local/temporaryFolder.ts";
import { PATIENCE_MS } from "../../patience.ts";

export const MEDIA = resolve("test/fixtures/media");
export const SCRIPT = resolve("src/workloads/mp3/convert.sh");
export const tools = findFfmpeg(process.env);

export interface TaskRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly report: TaskReport;
  readonly review: Review;
}

export interface TaskFolder {
  readonly path: string;
  /** For programs that stand in for those of the node. */
  readonly bin: string;
  /** Makes the input by ffmpeg from generated sources. */
  make(...args: string[]): void;
  run(settings?: Readonly<Record<string, string>>): TaskRun;
}

/** A working directory as a Batch task has it, until the end of the test or what `onEnd` says. */
export function taskFolder(onEnd?: Parameters<typeof temporaryFolder>[0]): TaskFolder {
  const root = temporaryFolder(onEnd);
  const path = join(root, "wd");
  const bin = join(root, "bin");
  mkdirSync(path);
  linkFfmpeg(bin, tools);
  return {
    path,
    bin,
    make: (...args) => ffmpeg(...args, "-f", "mp4", join(path, "input")),
    run: (settings = {}) => {
      const env = { PATH: `${bin}:/usr/bin:/bin`, MP3_BITRATE_KBPS: "128", ...settings };
      const options = { cwd: path, env, encoding: "utf8", timeout: PATIENCE_MS } as const;
      const { status, stdout, stderr } = spawnSync("/bin/bash", [SCRIPT], options);
      const report = parseReport(readFileSync(join(path, "report.json"), "utf8"));
      return { exitCode: status, stdout, stderr, report, review: mp3.review(report) };
    },
  };
}

/** Returns what it writes to its log. Throws if it fails. */
export function ffmpeg(...args: string[]): string {
  return runFfmpeg(FIXTURE_FFMPEG, args);
}

/** For what only a newer one can make. */
export function ffmpegOfNode(...args: string[]): string {
  return runFfmpeg(tools.ffmpeg, args);
}

function runFfmpeg(path: string, args: readonly string[]): string {
  const { status, stderr } = spawnSync(path, ["-hide_banner", "-nostdin", "-y", ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stderr;
}

export function tone(seconds: number, ...more: string[]): string[] {
  return ["-f", "lavfi", "-i", `sine=440:d=${seconds}`, ...more, "-c:a", "aac"];
}

/** An ffmpeg that works, but in whose place something else leaves the MP3. */
export function replaceResult(folder: TaskFolder, bytes: Buffer): void {
  const replacement = join(folder.bin, "replacement.mp3");
  writeFileSync(replacement, bytes);
  const script = `#!/bin/sh\n'${tools.ffmpeg}' "$@" && cp '${replacement}' result.part\n`;
  rmSync(join(folder.bin, "ffmpeg"));
  writeFileSync(join(folder.bin, "ffmpeg"), script, { mode: 0o755 });
}
