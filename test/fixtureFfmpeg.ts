import { findFfmpeg } from "../src/local/stack/ffmpeg.ts";

const found = findQuickFfmpeg();

/**
 * Path of the ffmpeg that makes videos for tests and decodes results: the packaged one where there is one. It needs no
 * shared libraries, of which others load some two hundred at every start: longer than it takes to make a short video.
 */
export const FIXTURE_FFMPEG = found.ffmpeg;

/** Settings of a stack whose tests are about other things than what ffmpeg does. */
export const QUICK_FFMPEG = { FFMPEG_PATH: found.ffmpeg, FFPROBE_PATH: found.ffprobe };

function findQuickFfmpeg(): ReturnType<typeof findFfmpeg> {
  try {
    return findFfmpeg({ PATH: "" });
  } catch {
    return findFfmpeg(process.env);
  }
}
