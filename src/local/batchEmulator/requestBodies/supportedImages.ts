import { ServiceError, invalidProperty } from "../serviceError.ts";
import type { PoolSpec } from "./poolBodies.ts";

interface SupportedImage {
  readonly imageReference: {
    readonly publisher: string;
    readonly offer: string;
    readonly sku: string;
    readonly version: "latest";
  };
  readonly verificationType: "verified" | "unverified";
  readonly nodeAgentSKUId: string;
  readonly capabilities?: readonly string[];
  readonly osType: "linux" | "windows";
  readonly batchSupportEndOfLife?: string;
}

type Row = readonly [reference: string, agent: string, capabilities?: string, more?: Partial<SupportedImage>];

const GENERATION_2 = "Generation2VMImage";
const HPC = "DockerCompatible SupportsRDMAOnly Generation2VMImage IntelMPIRuntimeInstalled";
const ENDED: Partial<SupportedImage> = { batchSupportEndOfLife: "2025-04-22T00:00:00Z" };

/** publisher/offer/sku, node agent, and what else the service says about the image. */
const ROWS: readonly Row[] = [
  ["canonical/ubuntu-24_04-lts/server", "batch.node.ubuntu 24.04", GENERATION_2],
  ["canonical/ubuntu-24_04-lts/server-arm64", "batch.node.ubuntu 24.04-arm64", GENERATION_2],
  ["canonical/0001-com-ubuntu-server-jammy/22_04-lts", "batch.node.ubuntu 22.04"],
  ["canonical/0001-com-ubuntu-server-jammy/22_04-lts-gen2", "batch.node.ubuntu 22.04", GENERATION_2],
  ["canonical/0001-com-ubuntu-server-focal/20_04-lts", "batch.node.ubuntu 20.04", "", ENDED],
  ["canonical/0001-com-ubuntu-server-focal/20_04-lts-gen2", "batch.node.ubuntu 20.04", GENERATION_2, ENDED],
  ["microsoft-azure-batch/ubuntu-server-container/20-04-lts", "batch.node.ubuntu 20.04", "DockerCompatible", ENDED],
  ["microsoft-dsvm/ubuntu-hpc/2204", "batch.node.ubuntu 22.04", HPC],
  ["microsoft-dsvm/ubuntu-hpc/2404", "batch.node.ubuntu 24.04", HPC],
  ["almalinux/almalinux/8-gen2", "batch.node.el 8", GENERATION_2, { verificationType: "unverified" }],
  ["almalinux/almalinux/9-gen1", "batch.node.el 9"],
  ["almalinux/almalinux/9-gen2", "batch.node.el 9", GENERATION_2, { verificationType: "unverified" }],
  ["microsoftcblmariner/cbl-mariner/cbl-mariner-2", "batch.node.mariner 2.0"],
  ["microsoftwindowsserver/windowsserver/2022-datacenter", "batch.node.windows amd64", "", { osType: "windows" }],
];

export const SUPPORTED_IMAGES: readonly SupportedImage[] = ROWS.map(([reference, agent, capabilities = "", more]) => {
  const [publisher = "", offer = "", sku = ""] = reference.split("/");
  return {
    imageReference: { publisher, offer, sku, version: "latest" },
    verificationType: "verified",
    nodeAgentSKUId: agent,
    ...(capabilities !== "" && { capabilities: capabilities.split(" ") }),
    osType: "linux",
    ...more,
  };
});

/** Of images that the service has offered beside those of the list. */
const OTHER_PUBLISHERS = ["batch", "credativ", "debian", "openlogic", "oracle"];
const PUBLISHERS = new Set([
  ...SUPPORTED_IMAGES.map(({ imageReference }) => imageReference.publisher),
  ...OTHER_PUBLISHERS,
]);

const IMAGES_OF_GALLERY =
  "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Compute";
const IMAGE_ID_FORMATS = [
  `${IMAGES_OF_GALLERY}/images/{imageName}`,
  `${IMAGES_OF_GALLERY}/galleries/{galleryName}/images/{galleryImageName}/versions/{galleryImageVersionName}`,
  `${IMAGES_OF_GALLERY}/galleries/{galleryName}/images/{galleryImageName}`,
] as const;
const IMAGE_ID_PATTERNS = IMAGE_ID_FORMATS.map(
  (format) => new RegExp(`^${format.replaceAll(/\{\w+\}/g, "[^/]+")}$`, "i"),
);

/**
 * Refuses an agent that does not exist, one other than the image is known to need, and images of a publisher that the
 * service knows nothing of. Other images that are not in the list pass: the service's own list is longer and changes.
 */
export function checkImage({ virtualMachineConfiguration }: Pick<PoolSpec, "virtualMachineConfiguration">): void {
  const { imageReference, nodeAgentSKUId } = virtualMachineConfiguration;
  if ("virtualMachineImageId" in imageReference) checkImageId(String(imageReference.virtualMachineImageId));
  if (!/^batch\.node\.\S+ \S+$/.test(nodeAgentSKUId)) throw new ServiceError("NodeAgentSKUNotFound");
  if (!isOfMarketplace(imageReference)) return;
  const { publisher, offer, sku } = imageReference;
  if (!PUBLISHERS.has(publisher.toLowerCase())) {
    throw invalidProperty(
      "imageReference",
      `${publisher}/${offer}/${sku}`,
      `The specified imageReference with publisher ${publisher} offer ${offer} sku ${sku} is not supported.`,
    );
  }
  const known = SUPPORTED_IMAGES.filter(({ imageReference: image }) =>
    (["publisher", "offer", "sku"] as const).every((part) => image[part] === imageReference[part].toLowerCase()),
  );
  if (known.length > 0 && !known.some((image) => image.nodeAgentSKUId === nodeAgentSKUId)) {
    throw invalidProperty(
      "nodeAgentSKUId",
      nodeAgentSKUId,
      `The image needs the node agent ${known[0]?.nodeAgentSKUId}`,
    );
  }
}

type ImageReference = PoolSpec["virtualMachineConfiguration"]["imageReference"];

function isOfMarketplace(image: ImageReference): image is Extract<ImageReference, { readonly version: string }> {
  return "publisher" in image && "sku" in image;
}

function checkImageId(id: string): void {
  if (IMAGE_ID_PATTERNS.some((pattern) => pattern.test(id))) return;
  const [first, second, third] = IMAGE_ID_FORMATS;
  throw invalidProperty(
    "virtualMachineImageId",
    id,
    `The specified resource id must be of the format ${first}, ${second}, or ${third}`,
  );
}
