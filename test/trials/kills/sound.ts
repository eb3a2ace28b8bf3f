import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { readFileSync } from "node:fs";
import { convertPlainly } from "../../bench/plainFfmpeg.ts";
import { md5Of } from "./evidence.ts";

const run = promisify(execFile);

/** MD5 of what an MP3 decodes to; undefined if it does not. Each content is decoded once. */
export function createSoundReader(ffmpeg: string, folder: string): (mp3: Buffer) => Promise<string | undefined> {
  const known = new Map<string, Promise<string | undefined>>();
  return (mp3) => {
    const md5 = md5Of(mp3);
    const reading = known.get(md5) ?? readSound(ffmpeg, join(folder, `${md5}.mp3`), mp3);
    known.set(md5, reading);
    return reading;
  };
}

/** The MP3 of a video as this ffmpeg makes it without a stack. */
export async function plainMp3(ffmpeg: string, video: string, folder: string): Promise<Buffer> {
  await convertPlainly(ffmpeg, [video], folder, 1);
  return readFileSync(join(folder, `${basename(video)}.plain.mp3`));
}

async function readSound(ffmpeg: string, path: string, mp3: Buffer): Promise<string | undefined> {
  writeFileSync(path, mp3);
  try {
    const { stdout } = await run(ffmpeg, [
      "-nostdin",
      "-v",
      "error",
      "-xerror",
      "-i",
      path,
      "-map",
      "0:a",
      "-f",
      "md5",
      "-",
    ]);
    return stdout.trim();
  } catch {
    return undefined;
  }
}
