import { execFile } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import type { ExecFileException } from "node:child_process";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type { Environment } from "../../model/settings.ts";
import { findOnPath, isProgram } from "../kit/programs.ts";
import { UserError } from "../kit/userError.ts";

interface FfmpegPaths {
  readonly ffmpeg: string;
  readonly ffprobe: string;
}

type Tool = keyof FfmpegPaths;

const SETTINGS: Readonly<Record<Tool, string>> = { ffmpeg: "FFMPEG_PATH", ffprobe: "FFPROBE_PATH" };
/** docs/performance.md says how it compares, and why no newer one is packaged. */
const PACKAGED_ADVICE =
  "The packaged ffmpeg is from 2018: it takes 2.5 times as long as a current one, and gets no security fixes. " +
  `Install one (${process.platform === "darwin" ? "brew install ffmpeg" : "sudo apt install ffmpeg, or what your system has for that"}); ` +
  "it is used as soon as it is on PATH.";
/** A program on a slow or sleeping disk may take its time. */
const VERSION_BOUND_MS = 30_000;

/** Each of the two: the path in `FFMPEG_PATH` or `FFPROBE_PATH`, else the first on PATH, else the packaged one. */
export function findFfmpeg(env: Environment, packaged: (tool: Tool) => string | undefined = packagedTool): FfmpegPaths {
  return { ffmpeg: findTool("ffmpeg", env, packaged), ffprobe: findTool("ffprobe", env, packaged) };
}

/**
 * Makes sure that both work, and returns what they say of their versions. One that does not work would fail every task,
 * long after the start.
 */
export async function checkFfmpeg(paths: FfmpegPaths): Promise<readonly string[]> {
  return Promise.all([checkTool("ffmpeg", paths.ffmpeg), checkTool("ffprobe", paths.ffprobe)]);
}

/** What a user should know of the ffmpeg that converts. */
export interface FfmpegInUse {
  /** For example `ffmpeg 7.1 (/usr/bin/ffmpeg)`. */
  readonly description: string;
  /** What is to be said against it, and what to do; undefined if there is nothing. */
  readonly advice: string | undefined;
}

/** `versions` as `checkFfmpeg` returns them. */
export function describeFfmpeg({ ffmpeg }: FfmpegPaths, [version = "ffmpeg"]: readonly string[]): FfmpegInUse {
  return {
    description: `${version.replace(" version ", " ")} (${ffmpeg})`,
    advice: ffmpeg === packagedTool("ffmpeg") ? PACKAGED_ADVICE : undefined,
  };
}

/** Fills a folder for the Batch tasks' PATH, in which the tools go by their plain names. */
export function linkFfmpeg(folder: string, paths: FfmpegPaths): void {
  mkdirSync(folder, { recursive: true });
  for (const tool of ["ffmpeg", "ffprobe"] as const) {
    const link = join(folder, tool);
    if (paths[tool] === link) continue;
    rmSync(link, { force: true });
    symlinkSync(paths[tool], link);
  }
}

function findTool(tool: Tool, env: Environment, packaged: (tool: Tool) => string | undefined): string {
  const setting = SETTINGS[tool];
  const chosen = env[setting]?.trim();
  if (chosen) {
    if (isProgram(resolve(chosen))) return resolve(chosen);
    throw new UserError("FfmpegMissing", `${setting} names no program: ${chosen}`, {
      hint: `Give the path of the ${tool} program itself, or unset ${setting}.`,
    });
  }
  const found = findOnPath(tool, env["PATH"] ?? "") ?? packaged(tool);
  if (found !== undefined && isProgram(found)) return found;
  throw new UserError(
    "FfmpegMissing",
    `${tool} is neither on PATH nor packaged for ${process.platform}-${process.arch}`,
    {
      hint: `Install ffmpeg (it brings ffprobe), or set ${setting} to the path of ${tool}.`,
    },
  );
}

function checkTool(tool: Tool, path: string): Promise<string> {
  return new Promise((resolved, reject) => {
    execFile(path, ["-version"], { timeout: VERSION_BOUND_MS }, (error, stdout) => {
      const problem = error === null ? saysVersion(tool, stdout) : failureOf(error);
      if (problem === undefined) return resolved(stdout.split(" ", 3).join(" "));
      reject(
        new UserError("FfmpegBroken", `${path} is not a working ${tool}: asked for -version, it ${problem}`, {
          hint: `Set ${SETTINGS[tool]} to the path of one that works, or repair this one.`,
        }),
      );
    });
  });
}

function saysVersion(tool: Tool, stdout: string): string | undefined {
  return stdout.startsWith(`${tool} version`) ? undefined : "did not say its version";
}

function failureOf({ code, killed, signal }: ExecFileException): string {
  if (killed === true) return `did not answer within ${VERSION_BOUND_MS / 1000} s`;
  if (typeof code === "number") return `ended with exit code ${code}`;
  return signal ? `was ended by ${signal}` : `could not be run (${code ?? "no reason was given"})`;
}

/** The packages are optional, and throw when loaded on a platform that they have no binary for. */
function packagedTool(tool: Tool): string | undefined {
  try {
    const { path } = createRequire(import.meta.url)(`@${tool}-installer/${tool}`) as { path: string };
    return path;
  } catch {
    return undefined;
  }
}
