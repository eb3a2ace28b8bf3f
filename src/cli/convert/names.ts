import { sep } from "node:path";
const MAX_BLOB_NAME_LENGTH = 1024;
import { wrongUsage } from "../args.ts";
import { printable } from "../printable.ts";
import type { Video } from "./sources.ts";

export interface NamedVideo extends Video {
  /** With the separators of this machine. */
  readonly relativePath: string;
  readonly blobName: string;
}

/**
 * A file that was given itself is called by its base name, a file below a folder by its path from there. Where that
 * would give two files one name, each of them gets the name of its folder in front, as often as it takes.
 */
export function giveUniqueNames(videos: readonly Video[]): NamedVideo[] {
  let named = videos.map(nameAtDepth);
  for (;;) {
    const shared = repeated(named.map((video) => video.blobName));
    const isShared = (video: NamedVideo): boolean => shared.has(video.blobName);
    const canGrow = (video: NamedVideo): boolean => isShared(video) && video.depth < segmentsOf(video.path).length;
    if (!named.some(canGrow)) return named.map((video) => checked(video, isShared(video)));
    named = named.map((video) => (canGrow(video) ? nameAtDepth({ ...video, depth: video.depth + 1 }) : video));
  }
}

function repeated(names: readonly string[]): Set<string> {
  const seen = new Set<string>();
  return new Set(names.filter((name) => seen.size === seen.add(name).size));
}

function nameAtDepth({ path, sizeBytes, depth }: Video): NamedVideo {
  const segments = segmentsOf(path).slice(-depth);
  return {
    path,
    sizeBytes,
    depth,
    relativePath: segments.join(sep),
    blobName: segments.map(blobSegment).join("/"),
  };
}

/** A blob name cannot hold control characters, and services take a backslash for a slash. */
function blobSegment(segment: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  return segment.replace(/[\u0000-\u001F\u007F-\u009F\\]/g, encodeURIComponent);
}

function segmentsOf(path: string): string[] {
  return path.split(sep).filter((segment) => segment !== "");
}

function checked(video: NamedVideo, isShared: boolean): NamedVideo {
  const path = printable(video.path);
  if (isShared) throw wrongUsage(`${path} would get the blob name of another file`, "Rename one of them.");
  if (video.blobName.length > MAX_BLOB_NAME_LENGTH) {
    throw wrongUsage(
      `${path} would need a blob name of ${video.blobName.length} characters; ${MAX_BLOB_NAME_LENGTH} are allowed`,
      "Give a folder that is nearer to the file, or rename it.",
    );
  }
  return video;
}
