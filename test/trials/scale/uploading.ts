import { availableParallelism } from "node:os";
import { normalizeETag } from "../../../src/model/conversion.ts";
import { conversionIdOf } from "../../../src/model/identity.ts";
import { mp3 } from "../../../src/workloads/mp3/index.ts";
import type { ScaleStack } from "./scaleStack.ts";

/** One video in the input container. */
export interface Upload {
  readonly name: string;
  readonly conversionId: string;
}

const AT_ONCE = 8 * availableParallelism();

/** Uploads the same video under so many names, as fast as it can. */
export async function uploadAll(
  stack: ScaleStack,
  video: Buffer,
  count: number,
  signal: AbortSignal,
  first = 1,
): Promise<readonly Upload[]> {
  const container = stack.container("input");
  const uploads: Upload[] = [];
  let next = first;
  const uploadSome = async (): Promise<void> => {
    while (next < first + count) {
      signal.throwIfAborted();
      const name = `${String(next++).padStart(6, "0")}.mp4`;
      const { etag } = await container.getBlockBlobClient(name).upload(video, video.length);
      const source = { container: "input", name, eTag: normalizeETag(etag ?? "") };
      uploads.push({ name, conversionId: conversionIdOf(mp3.name, source) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, uploadSome));
  return uploads;
}
