import type { Config } from "../config.ts";
import { ConflictError } from "../model/errors.ts";
import type { BlobStore, StorageLayout } from "../services.ts";
import { readTaskScript } from "../workloads/script.ts";
import { remembered } from "./remembered.ts";

/** Our containers, and the task script in the `application` container. */
export function createStorageLayout(blobs: BlobStore, containers: Config["containers"]): StorageLayout {
  const script = remembered(async () => {
    await Promise.all(Object.values(containers).map((container) => blobs.ensureContainer(container)));
    const { text, blobName } = readTaskScript();
    const address = { container: containers.application, name: blobName };
    try {
      await blobs.writeText(address, text, { contentType: "application/x-sh", condition: { eTag: null } });
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
    return address;
  });
  return { ensure: script.get };
}
