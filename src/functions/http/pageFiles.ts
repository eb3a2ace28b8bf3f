import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { extname } from "node:path";

export interface PageFile {
  readonly content: Buffer;
  readonly mediaType: string;
  /** With quotes. */
  readonly eTag: string;
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** All files of a folder that a browser is given, by name. Read once, so that no name of a request becomes a path. */
export function readPageFiles(folder: URL): ReadonlyMap<string, PageFile> {
  return new Map(
    readdirSync(folder).flatMap((name) => {
      const mediaType = MEDIA_TYPES[extname(name)];
      if (mediaType === undefined) return [];
      const content = readFileSync(new URL(name, folder));
      const eTag = `"${createHash("sha256").update(content).digest("base64url")}"`;
      return [[name, { content, mediaType, eTag }] as const];
    }),
  );
}
