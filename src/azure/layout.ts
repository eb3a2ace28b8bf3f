import type { Config } from "../config.ts";
import { ConflictError } from "../model/errors.ts";
import type { BlobAddress, BlobStore, StorageLayout } from "../services.ts";
import { WORKLOADS } from "../workloads/index.ts";
import { readTaskScript } from "../workloads/taskFiles.ts";
import type { Workload } from "../workloads/workload.ts";
import { remembered } from "./remembered.ts";

/** Creates our containers and puts the task scripts into the `application` container. */
export function createStorageLayout(blobs: BlobStore, containers: Config["containers"]): StorageLayout {
  async function stageScript(workload: Workload): Promise<readonly [string, BlobAddress]> {
    const { text, blobName } = readTaskScript(workload);
    const address = { container: containers.application, name: blobName };
    try {
      await blobs.writeText(address, text, { contentType: "application/x-sh", condition: { eTag: null } });
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
    return [workload.name, address];
  }

  const scripts = remembered(async () => {
    await Promise.all(Object.values(containers).map((container) => blobs.ensureContainer(container)));
    const addresses = new Map(await Promise.all(WORKLOADS.map(stageScript)));
    return ({ name }: Workload): BlobAddress => {
      const address = addresses.get(name);
      if (address === undefined) throw new RangeError(`There is no script for workload "${name}"`);
      return address;
    };
  });
  return { ensure: scripts.get };
}
