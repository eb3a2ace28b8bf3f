import * as v from "valibot";
import { choice, count, int32, optional, unsupported } from "./schema.ts";

const imageReference = v.union([
  v.looseObject({ virtualMachineImageId: v.string() }),
  v.looseObject({ sharedGalleryImageId: v.string() }),
  v.looseObject({ communityGalleryImageId: v.string() }),
  v.object({ publisher: v.string(), offer: v.string(), sku: v.string(), version: v.nullish(v.string(), "latest") }),
]);

/** The service writes how disks are cached in two ways. */
const dataDisk = v.looseObject({
  lun: int32,
  caching: v.nullish(choice(["none", "readonly", "readwrite"]), "none"),
  diskSizeGB: count,
  storageAccountType: v.nullish(choice(["standard_lrs", "premium_lrs", "standardssd_lrs"]), "standard_lrs"),
});

const osDisk = v.looseObject({
  ephemeralOSDiskSettings: v.nullish(v.record(v.string(), v.unknown()), {}),
  caching: optional(choice(["None", "ReadOnly", "ReadWrite"])),
});

export const virtualMachineConfiguration = v.looseObject({
  imageReference,
  nodeAgentSKUId: v.string(),
  containerConfiguration: unsupported("containerConfiguration"),
  dataDisks: optional(v.array(dataDisk)),
  osDisk: optional(osDisk),
  securityProfile: optional(v.looseObject({ securityType: optional(choice(["trustedlaunch", "confidentialvm"])) })),
  nodePlacementConfiguration: optional(v.object({ policy: optional(choice(["Regional", "Zonal"])) })),
});
