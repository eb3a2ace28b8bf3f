import { findFfmpeg } from "../src/local/stack/ffmpeg.ts";

/**
 * Path of the ffmpeg that makes videos for tests and decodes results: the packaged one where there is one. It needs no
 * shared libraries, of which others load some two hundred at every start: longer than it takes to make a short video.
 */
export const FIXTURE_FFMPEG = findFixtureFfmpeg();

function findFixtureFfmpeg(): string {
  try {
    return findFfmpeg({ PATH: "" }).ffmpeg;
  } catch {
    return findFfmpeg(process.env).ffmpeg;
  }
}
