import { mkdirSync, rmSync, symlinkSync } from "node:fs";
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

/** Each of the two: the path in `FFMPEG_PATH` or `FFPROBE_PATH`, else the first on PATH, else the packaged one. */
export function findFfmpeg(env: Environment, packaged: (tool: Tool) => string | undefined = packagedTool): FfmpegPaths {
  return { ffmpeg: findTool("ffmpeg", env, packaged), ffprobe: findTool("ffprobe", env, packaged) };
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
  const setting = tool === "ffmpeg" ? "FFMPEG_PATH" : "FFPROBE_PATH";
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

/** The packages are optional, and throw when loaded on a platform that they have no binary for. */
function packagedTool(tool: Tool): string | undefined {
  try {
    const { path } = createRequire(import.meta.url)(`@${tool}-installer/${tool}`) as { path: string };
    return path;
  } catch {
    return undefined;
  }
}
