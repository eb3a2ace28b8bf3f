import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Content } from "./plan.ts";

const run = promisify(execFile);

/** Makes videos; each content is made once. */
export function createContents(ffmpeg: string, folder: string): (content: Content) => Promise<Buffer> {
  const made = new Map<string, Promise<Buffer>>();
  mkdirSync(folder, { recursive: true });
  return (content) => {
    const key = content.kind === "tone" ? `tone-${content.seconds}` : content.kind;
    const known = made.get(key) ?? make(ffmpeg, content, join(folder, `${key}.mp4`));
    made.set(key, known);
    return known;
  };
}

async function make(ffmpeg: string, content: Content, path: string): Promise<Buffer> {
  if (content.kind === "text") return Buffer.from("This is no video.\n");
  await run(ffmpeg, ["-nostdin", "-v", "error", ...inputOf(content), "-f", "mp4", "-y", path]);
  return readFileSync(path);
}

function inputOf(content: Content): string[] {
  const film = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=1", "-c:v", "mpeg4"];
  if (content.kind !== "tone") return film;
  return ["-f", "lavfi", "-i", `sine=440:d=${content.seconds}`, "-c:a", "aac", "-b:a", "64k"];
}
