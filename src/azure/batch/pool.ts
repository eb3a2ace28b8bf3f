import type { BatchServiceClient, BatchServiceModels } from "@azure/batch";
import type { BatchSettings } from "../../batchSettings.ts";
import { BatchError } from "../../model/errors.ts";
import type { NodeNeeds } from "../../workloads/workload.ts";
import { requireIdentity } from "./poolIdentity.ts";
import { marksFor, withMarks } from "./poolMarks.ts";
import { POOL_DISPLAY_NAME } from "./poolNotices.ts";
import { nodeTargets } from "./poolScaling.ts";
import { poolStartTaskFor } from "./poolStartTask.ts";
import type { PoolCare } from "./poolUpdate.ts";
import { UPDATE_FIELDS, updatePool } from "./poolUpdate.ts";
import { retrying, unlessCode, unlessMissing } from "./retrying.ts";

/** Creates the pool if there is none. An existing one is updated if it is ours; otherwise it is used as it is. */
export async function ensurePool(
  client: BatchServiceClient,
  settings: BatchSettings,
  needs: readonly NodeNeeds[],
): Promise<PoolCare> {
  const { poolId, taskSlotsPerNode } = settings;
  const found = await unlessMissing(`read pool ${poolId}`, () =>
    client.pool.get(poolId, { poolGetOptions: { select: UPDATE_FIELDS } }),
  );
  if (found?.state === "deleting") throw poolIsBeingDeleted(poolId);
  requireIdentity(found, settings);
  if (found !== undefined) return updatePool(client, settings, needs, found);

  const image = await findImage(client, settings.image);
  const startTask = poolStartTaskFor(needs);
  const targets = nodeTargets(settings.scaling, taskSlotsPerNode);
  await unlessCode(`create pool ${poolId}`, ["PoolExists"], () =>
    client.pool.add({
      id: poolId,
      displayName: POOL_DISPLAY_NAME,
      vmSize: settings.vmSize,
      virtualMachineConfiguration: image,
      ...targets,
      taskSlotsPerNode,
      metadata: withMarks(marksFor(targets, startTask)),
      ...(startTask && { startTask }),
    }),
  );
  return { notices: [], isSettled: true };
}

/**
 * The wanted image with the node agent it needs, if the account offers it and Microsoft has verified it. If not, throws
 * an error that lists the images that are.
 */
async function findImage(
  client: BatchServiceClient,
  wanted: BatchSettings["image"],
): Promise<BatchServiceModels.VirtualMachineConfiguration> {
  const images = await supportedImages(client, "verificationType eq 'verified' and osType eq 'linux'");
  const found = images.find(
    ({ imageReference: { publisher, offer, sku } }) =>
      same(publisher, wanted.publisher) && same(offer, wanted.offer) && same(sku, wanted.sku),
  );
  if (found === undefined) {
    const name = `${wanted.publisher}:${wanted.offer}:${wanted.sku}`;
    const offered = images
      .map(({ imageReference: { publisher, offer, sku } }) => `${publisher}:${offer}:${sku}`)
      .join(", ");
    throw new BatchError(`Azure Batch offers no verified image ${name}. Set BATCH_NODE_IMAGE to one of: ${offered}`, {
      code: "ImageNotFound",
      statusCode: undefined,
    });
  }
  const { publisher, offer, sku } = found.imageReference;
  return {
    imageReference: {
      ...(publisher && { publisher }),
      ...(offer && { offer }),
      ...(sku && { sku }),
      version: "latest",
    },
    nodeAgentSKUId: found.nodeAgentSKUId,
  };
}

/** The images that the account offers, of all pages. The filter is in the words of OData. */
export async function supportedImages(
  client: BatchServiceClient,
  filter: string,
): Promise<BatchServiceModels.ImageInformation[]> {
  const list = (): Promise<BatchServiceModels.AccountListSupportedImagesResponse> =>
    client.account.listSupportedImages({ accountListSupportedImagesOptions: { filter } });

  const images: BatchServiceModels.ImageInformation[] = [];
  for (let page = await retrying("list its images", list); ;) {
    images.push(...page);
    const next = page.odatanextLink;
    if (!next) return images;
    page = await retrying("list its images", () => client.account.listSupportedImagesNext(next));
  }
}

function same(offered: string | undefined, wanted: string): boolean {
  return offered?.toLowerCase() === wanted.toLowerCase();
}

function poolIsBeingDeleted(poolId: string): BatchError {
  return new BatchError(`Pool ${poolId} is being deleted; a new one can be created once it is gone`, {
    code: "PoolBeingDeleted",
    statusCode: 409,
  });
}
