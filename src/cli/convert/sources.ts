import { readdirSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { mp3, mp3NameFor } from "../../workloads/mp3/index.ts";
import { accepts } from "../../workloads/workload.ts";
const isMp4Name = (name: string) => accepts(mp3, name);
import { seeHelp, wrongUsage } from "../args.ts";
import { printable } from "../printable.ts";
import { giveUniqueNames } from "./names.ts";

/** One video on this machine and where its MP3 goes. */
export interface Source {
  readonly path: string;
  /** The blob's name in the input container. */
  readonly blobName: string;
  readonly sizeBytes: number;
  readonly mp3Path: string;
}

export interface Video {
  readonly path: string;
  readonly sizeBytes: number;
  /** How many of the last segments of the path are its name: 1 for a file that was named itself. */
  readonly depth: number;
}

/** All videos of the arguments in their order, each once. Throws one error that names everything that is wrong. */
export function collectSources(args: readonly string[], folder: string, out: string | undefined): Source[] {
  if (args.length === 0) throw wrongUsage("No file or folder is given", seeHelp("convert"));
  const problems: string[] = [];
  const videos = new Map<string, Video>();
  for (const arg of args) {
    try {
      for (const video of videosOf(resolve(folder, arg))) {
        if (!videos.has(video.path)) videos.set(video.path, video);
      }
    } catch (error) {
      problems.push(`${printable(arg)}: ${reasonOf(error)}`);
    }
  }
  if (problems.length > 0) throw wrongUsage(problems.join("\n"), "Give MP4 files, or folders that hold some.");
  return giveUniqueNames([...videos.values()]).map(({ path, sizeBytes, blobName, relativePath }) => ({
    path,
    blobName,
    sizeBytes,
    mp3Path: mp3NameFor(out === undefined ? path : join(resolve(folder, out), relativePath)),
  }));
}

function videosOf(path: string): Video[] {
  const stats = statSync(path);
  if (stats.isDirectory()) {
    const found = videosBelow(path);
    if (found.length === 0) throw new Error("no .mp4 file is in this folder or below");
    return found.map((file) => ({
      path: file,
      sizeBytes: statSync(file).size,
      depth: relative(path, file).split(sep).length,
    }));
  }
  if (!isMp4Name(path)) throw new Error("is not an .mp4 file");
  if (!stats.isFile()) throw new Error("is not a regular file");
  return [{ path, sizeBytes: stats.size, depth: 1 }];
}

/** Links to files count, links to folders do not: they may lead in circles. */
function videosBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return videosBelow(path);
    return isMp4Name(entry.name) && isRegularFile(path) ? [path] : [];
  });
}

function isRegularFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file or folder";
  if (code === "EACCES") return `may not be read (${message})`;
  return message;
}
