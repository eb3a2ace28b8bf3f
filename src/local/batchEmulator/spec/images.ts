import { BatchError, invalidProperty } from "../errors.ts";
import type { PoolSpec } from "./pool.ts";

export interface SupportedImage {
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

type Row = readonly [
  reference: string,
  agent: string,
  osType: "linux" | "windows",
  capabilities?: string,
  endOfLife?: string,
];

/** publisher/offer/sku, node agent, and what else the service says of the image. */
const ROWS: readonly Row[] = [
  ["canonical/ubuntu-24_04-lts/server", "batch.node.ubuntu 24.04", "linux", "Generation2VMImage"],
  ["canonical/ubuntu-24_04-lts/server-arm64", "batch.node.ubuntu 24.04-arm64", "linux", "Generation2VMImage"],
  ["canonical/0001-com-ubuntu-server-jammy/22_04-lts", "batch.node.ubuntu 22.04", "linux"],
  ["canonical/0001-com-ubuntu-server-jammy/22_04-lts-gen2", "batch.node.ubuntu 22.04", "linux", "Generation2VMImage"],
  ["canonical/0001-com-ubuntu-server-focal/20_04-lts", "batch.node.ubuntu 20.04", "linux", "", "2025-04-22T00:00:00Z"],
  [
    "microsoft-dsvm/ubuntu-hpc/2204",
    "batch.node.ubuntu 22.04",
    "linux",
    "DockerCompatible NvidiaTeslaDriverInstalled Generation2VMImage",
  ],
  [
    "microsoft-dsvm/ubuntu-hpc/2404",
    "batch.node.ubuntu 24.04",
    "linux",
    "DockerCompatible NvidiaTeslaDriverInstalled Generation2VMImage",
  ],
  ["almalinux/almalinux/8-gen2", "batch.node.el 8", "linux", "Generation2VMImage"],
  ["almalinux/almalinux/9-gen2", "batch.node.el 9", "linux", "Generation2VMImage"],
  ["microsoftwindowsserver/windowsserver/2022-datacenter", "batch.node.windows amd64", "windows"],
];

export const SUPPORTED_IMAGES: readonly SupportedImage[] = ROWS.map(
  ([reference, agent, osType, capabilities, endOfLife]) => {
    const [publisher = "", offer = "", sku = ""] = reference.split("/");
    return {
      imageReference: { publisher, offer, sku, version: "latest" },
      verificationType: "verified",
      nodeAgentSKUId: agent,
      ...(capabilities !== undefined && capabilities !== "" && { capabilities: capabilities.split(" ") }),
      osType,
      ...(endOfLife !== undefined && { batchSupportEndOfLife: endOfLife }),
    };
  },
);

/**
 * Refuses an agent that there is not, and an image that we know to need another one. Images that are not in the list
 * pass: the service's own list is longer and changes.
 */
export function checkImage({ virtualMachineConfiguration }: PoolSpec): void {
  const { imageReference, nodeAgentSKUId } = virtualMachineConfiguration;
  if (!/^batch\.node\.\S+ \S+$/.test(nodeAgentSKUId)) throw new BatchError("NodeAgentSKUNotFound");
  if (!("publisher" in imageReference)) return;
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
