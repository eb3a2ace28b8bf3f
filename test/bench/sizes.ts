import { wrongUsage } from "../../src/local/kit/commandLine/args.ts";

/** So many videos of such a length. */
export interface Size {
  readonly files: number;
  readonly seconds: number;
}

export const DEFAULT_SIZES = "60x3,24x60,6x600";
export const QUICK_SIZES = "4x3";
const MOST = { files: 1_000, seconds: 36_000 };

/** `60x3,6x600`: sixty of three seconds, then six of ten minutes. Throws a `UserError`. */
export function parseSizes(text: string): Size[] {
  return text.split(",").map((part) => {
    const [, files = "", seconds = ""] = /^(\d+)x(\d+)$/.exec(part.trim()) ?? [];
    const size = { files: Number(files), seconds: Number(seconds) };
    if (size.files < 1 || size.seconds < 1 || size.files > MOST.files || size.seconds > MOST.seconds) {
      throw wrongUsage(
        `--sizes must be like ${DEFAULT_SIZES}, not "${text}"`,
        `Each is FILESxSECONDS, up to ${MOST.files} files of up to ${MOST.seconds} seconds.`,
      );
    }
    return size;
  });
}
