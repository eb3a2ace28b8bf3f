import { execFile } from "node:child_process";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { Limiter } from "../../src/local/kit/limiter.ts";

const run = promisify(execFile);

/** What the task has ffmpeg do with the sound of a video that has neither cover nor chapters. */
const ARGUMENTS =
  "-map 0:a:0 -map_metadata 0 -map_chapters -1 -af aresample=async=1 -c:a libmp3lame -b:a 192k -id3v2_version 3 -f mp3 -y".split(
    " ",
  );

/** Milliseconds for each file, `atOnce` files at a time: nobody who uses this ffmpeg can be faster. */
export function convertPlainly(
  ffmpeg: string,
  paths: readonly string[],
  out: string,
  atOnce: number,
): Promise<number[]> {
  const limiter = new Limiter(atOnce);
  return Promise.all(
    paths.map((path) =>
      limiter.run(async () => {
        const startedAt = performance.now();
        const output = join(out, `${basename(path)}.plain.mp3`);
        await run(ffmpeg, ["-nostdin", "-v", "error", "-f", "mov", "-i", path, ...ARGUMENTS, output]);
        return performance.now() - startedAt;
      }),
    ),
  );
}
