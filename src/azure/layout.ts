import type { Config } from "../config.ts";
import type { BlobAddress, BlobStore, StorageLayout } from "../services.ts";
import { WORKLOADS } from "../workloads/index.ts";
import { readTaskScript } from "../workloads/taskFiles.ts";
import type { Workload } from "../workloads/workload.ts";
import { remembered } from "./remembered.ts";

/** Creates our containers and puts the task scripts into the `application` container, also over what somebody else put there. */
export function createStorageLayout(blobs: BlobStore, containers: Config["containers"]): StorageLayout {
  async function stageScript(workload: Workload): Promise<readonly [string, BlobAddress]> {
    const { text, blobName } = readTaskScript(workload);
    const address = { container: containers.application, name: blobName };
    if (!(await holds(address, text))) await blobs.writeText(address, text, { contentType: "application/x-sh" });
    return [workload.name, address];
  }

  /** The name tells the content only as long as nobody else writes there. What is too large is not even read. */
  async function holds(address: BlobAddress, text: string): Promise<boolean> {
    const found = await blobs.properties(address);
    return found?.sizeBytes === Buffer.byteLength(text) && (await blobs.readText(address))?.text === text;
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
