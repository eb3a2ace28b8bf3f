import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const ENCODERS = "-c:v libx264 -preset ultrafast -c:a aac -b:a 128k -f mp4 -y".split(" ");

/** Videos with a test picture and a tone each, made once and kept. */
export async function makeVideos(ffmpeg: string, folder: string, count: number, seconds: number): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const paths = Array.from({ length: count }, (_, index) => join(folder, `tone-${seconds}s-${index + 1}.mp4`));
  for (const [index, path] of paths.entries()) {
    if (existsSync(path)) continue;
    const unfinished = `${path}.part`;
    await run(ffmpeg, [...inputs(seconds, 220 * (index + 1)), ...ENCODERS, unfinished]);
    renameSync(unfinished, path);
  }
  return paths;
}

function inputs(seconds: number, frequency: number): string[] {
  const picture = `testsrc2=size=640x360:rate=25:duration=${seconds}`;
  const tone = `sine=frequency=${frequency}:sample_rate=48000:duration=${seconds}`;
  return ["-nostdin", "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone];
}
