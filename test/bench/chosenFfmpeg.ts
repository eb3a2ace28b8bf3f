import { dirname, join } from "node:path";
import { checkFfmpeg, findFfmpeg } from "../../src/local/stack/ffmpeg.ts";

export interface ChosenFfmpeg {
  readonly path: string;
  /** As it says itself, of both programs. */
  readonly versions: readonly string[];
  /** With this in its environment, a stack uses it. */
  readonly env: NodeJS.ProcessEnv;
}

/** `system`: the one on PATH. `packaged`: the one that is installed with mp3drop. Undefined: what the stack would take. */
export async function chooseFfmpeg(choice: string | undefined, env: NodeJS.ProcessEnv): Promise<ChosenFfmpeg> {
  const paths = find(choice, env);
  const versions = await checkFfmpeg(paths);
  return { path: paths.ffmpeg, versions, env: { ...env, FFMPEG_PATH: paths.ffmpeg, FFPROBE_PATH: paths.ffprobe } };
}

function find(choice: string | undefined, env: NodeJS.ProcessEnv): ReturnType<typeof findFfmpeg> {
  switch (choice) {
    case undefined:
      return findFfmpeg(env);
    case "system":
      return findFfmpeg({ PATH: env["PATH"] }, () => undefined);
    case "packaged":
      return findFfmpeg({ PATH: "" });
    default:
      return findFfmpeg({ FFMPEG_PATH: choice, FFPROBE_PATH: join(dirname(choice), "ffprobe") });
  }
}
