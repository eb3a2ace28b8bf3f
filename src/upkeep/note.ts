import { ConflictError } from "../model/errors.ts";
import type { IfUnchanged, Services } from "../services.ts";

/** What one run leaves for the next, and which version of it the run has read. */
export interface Note<Content> {
  /** Undefined if there is none, or one that is damaged: whoever reads it begins anew. */
  readonly content: Content | undefined;
  readonly unchanged: IfUnchanged;
}

/**
 * Reads a small JSON blob in the container of the scripts. `parse` throws, or returns undefined, if the content is not what
 * it should be.
 */
export async function readNote<Content>(
  { blobs, config }: Services,
  name: string,
  parse: (value: unknown) => Content | undefined,
): Promise<Note<Content>> {
  const found = await blobs.readText({ container: config.containers.application, name });
  if (found === undefined) return { content: undefined, unchanged: { eTag: null } };
  const unchanged = { eTag: found.eTag };
  try {
    return { content: parse(JSON.parse(found.text)), unchanged };
  } catch {
    return { content: undefined, unchanged };
  }
}

/**
 * Replaces what was read, or removes it if there is no new content. When another run was faster, its note stays: it is as
 * good as ours.
 */
export async function leaveNote<Content>(
  { blobs, config }: Services,
  name: string,
  { unchanged }: Note<Content>,
  content: Content | undefined,
): Promise<void> {
  const address = { container: config.containers.application, name };
  try {
    if (content !== undefined) {
      await blobs.writeText(address, JSON.stringify(content), {
        contentType: "application/json",
        condition: unchanged,
      });
    } else if (unchanged.eTag !== null) {
      await blobs.delete(address, unchanged);
    }
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}
