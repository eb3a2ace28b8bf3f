/**
 * Which version of the REST API has what, as far as that is published. What a version is not known to lack, it has here.
 * Sources: https://learn.microsoft.com/rest/api/batchservice/batch-service-rest-api-versioning and the release notes of
 * the SDKs, each of which speaks one version: https://github.com/Azure/azure-sdk-for-python/blob/main/sdk/batch/azure-batch/CHANGELOG.md
 * (9.0.0 to 14.2.0, 15.1.0) and Microsoft.Azure.Batch 16.3.0 for 2024-07-01.20.0.
 */
export const API_VERSIONS = [
  "2020-03-01.11.0",
  "2020-09-01.12.0",
  "2021-06-01.14.0",
  "2022-01-01.15.0",
  "2022-10-01.16.0",
  "2023-05-01.17.0",
  "2023-11-01.18.0",
  "2024-02-01.19.0",
  "2024-07-01.20.0",
  "2025-06-01",
] as const;
export type ApiVersion = (typeof API_VERSIONS)[number];

/** From its first version to the last one before it was taken away. */
interface Span {
  readonly since?: ApiVersion;
  readonly before?: ApiVersion;
}

/** What requests and answers are about. A patch may change less than an add may set. */
export type Entity = "pool" | "poolPatch" | "node" | "nodeCounts" | "job" | "jobPatch" | "jobSchedule" | "task";

const OPERATION_SPANS: Readonly<Record<string, Span>> = {
  Certificate_Add: { before: "2025-06-01" },
  Certificate_CancelDeletion: { before: "2025-06-01" },
  Certificate_Delete: { before: "2025-06-01" },
  Certificate_Get: { before: "2025-06-01" },
  Certificate_List: { before: "2025-06-01" },
  ComputeNodeExtension_Get: { since: "2021-06-01.14.0" },
  ComputeNodeExtension_List: { since: "2021-06-01.14.0" },
  ComputeNode_Deallocate: { since: "2024-07-01.20.0" },
  ComputeNode_GetRemoteDesktop: { before: "2024-07-01.20.0" },
  ComputeNode_Start: { since: "2024-07-01.20.0" },
  Job_GetAllLifetimeStatistics: { before: "2023-05-01.17.0" },
  Pool_GetAllLifetimeStatistics: { before: "2023-05-01.17.0" },
};

const SLOTS: Span = { since: "2020-09-01.12.0" };
const IDENTITIES: Span = { since: "2021-06-01.14.0" };
const COMMUNICATION_MODE: Span = { since: "2022-10-01.16.0", before: "2025-06-01" };
const UPGRADES: Span = { since: "2024-02-01.19.0" };
const SINCE_2024_07: Span = { since: "2024-07-01.20.0" };
const CERTIFICATES: Span = { before: "2025-06-01" };

const MACHINE = "virtualMachineConfiguration";
const ADDRESSES = "networkConfiguration.publicIPAddressConfiguration";
const UPLOAD = "outputFiles.destination.container";

const POOL: Readonly<Record<string, Span>> = {
  applicationLicenses: { before: "2024-07-01.20.0" },
  certificateReferences: CERTIFICATES,
  cloudServiceConfiguration: { before: "2024-07-01.20.0" },
  currentNodeCommunicationMode: COMMUNICATION_MODE,
  identity: IDENTITIES,
  maxTasksPerNode: { before: "2020-09-01.12.0" },
  "networkConfiguration.enableAcceleratedNetworking": { since: "2023-05-01.17.0" },
  [`${ADDRESSES}.ipFamilies`]: { since: "2025-06-01" },
  [`${ADDRESSES}.ipTags`]: { since: "2025-06-01" },
  resourceTags: { since: "2023-11-01.18.0", before: "2025-06-01" },
  "startTask.resourceFiles.identityReference": IDENTITIES,
  targetNodeCommunicationMode: COMMUNICATION_MODE,
  "taskSchedulingPolicy.jobDefaultOrder": { since: "2025-06-01" },
  taskSlotsPerNode: SLOTS,
  upgradePolicy: UPGRADES,
  [`${MACHINE}.containerConfiguration.type`]: { since: "2023-05-01.17.0" },
  [`${MACHINE}.extensions`]: { since: "2021-06-01.14.0" },
  [`${MACHINE}.imageReference.communityGalleryImageId`]: SINCE_2024_07,
  [`${MACHINE}.imageReference.sharedGalleryImageId`]: SINCE_2024_07,
  [`${MACHINE}.nodePlacementConfiguration`]: { since: "2021-06-01.14.0" },
  [`${MACHINE}.osDisk`]: { since: "2021-06-01.14.0" },
  [`${MACHINE}.osDisk.caching`]: { since: "2023-11-01.18.0" },
  [`${MACHINE}.osDisk.diskSizeGB`]: { since: "2023-11-01.18.0" },
  [`${MACHINE}.osDisk.managedDisk`]: { since: "2023-11-01.18.0" },
  [`${MACHINE}.osDisk.managedDisk.securityProfile`]: SINCE_2024_07,
  [`${MACHINE}.osDisk.writeAcceleratorEnabled`]: { since: "2023-11-01.18.0" },
  [`${MACHINE}.securityProfile`]: { since: "2023-11-01.18.0" },
  [`${MACHINE}.securityProfile.proxyAgentSettings`]: { since: "2025-06-01" },
  [`${MACHINE}.serviceArtifactReference`]: { since: "2023-11-01.18.0" },
};

/** Of the pool that is made for a job. */
const AUTO_POOL = within("poolInfo.autoPoolSpecification.pool", POOL);

const TASK: Readonly<Record<string, Span>> = {
  "containerSettings.containerHostBatchBindMounts": SINCE_2024_07,
  [`${UPLOAD}.identityReference`]: IDENTITIES,
  [`${UPLOAD}.uploadHeaders`]: { since: "2022-01-01.15.0" },
  requiredSlots: SLOTS,
  "resourceFiles.identityReference": IDENTITIES,
};

const JOB: Readonly<Record<string, Span>> = {
  ...AUTO_POOL,
  ...within("jobManagerTask", TASK),
  ...within("jobPreparationTask", TASK),
  ...within("jobReleaseTask", TASK),
  allowTaskPreemption: { since: "2022-01-01.15.0" },
  maxParallelTasks: { since: "2021-06-01.14.0" },
};

/** Dotted paths; of a list, every item. */
const PROPERTY_SPANS: Readonly<Record<Entity, Readonly<Record<string, Span>>>> = {
  pool: POOL,
  poolPatch: {
    ...POOL,
    displayName: SINCE_2024_07,
    enableInterNodeCommunication: SINCE_2024_07,
    mountConfiguration: SINCE_2024_07,
    networkConfiguration: SINCE_2024_07,
    resourceTags: { since: "2024-07-01.20.0", before: "2025-06-01" },
    taskSchedulingPolicy: SINCE_2024_07,
    taskSlotsPerNode: SINCE_2024_07,
    upgradePolicy: SINCE_2024_07,
    userAccounts: SINCE_2024_07,
    virtualMachineConfiguration: SINCE_2024_07,
    vmSize: SINCE_2024_07,
  },
  node: { certificateReferences: CERTIFICATES, virtualMachineInfo: { since: "2021-06-01.14.0" } },
  nodeCounts: Object.fromEntries(
    ["dedicated", "lowPriority"].flatMap((side) => [
      [`${side}.deallocated`, SINCE_2024_07],
      [`${side}.deallocating`, SINCE_2024_07],
      [`${side}.upgradingOS`, UPGRADES],
    ]),
  ),
  job: JOB,
  jobPatch: {
    ...AUTO_POOL,
    allowTaskPreemption: { since: "2022-01-01.15.0" },
    maxParallelTasks: { since: "2021-06-01.14.0" },
    networkConfiguration: SINCE_2024_07,
  },
  jobSchedule: within("jobSpecification", JOB),
  task: TASK,
};

export function isApiVersion(text: string): text is ApiVersion {
  return (API_VERSIONS as readonly string[]).includes(text);
}

export function hasOperation(version: ApiVersion, name: string): boolean {
  return isWithin(version, OPERATION_SPANS[name] ?? {});
}

/** The dotted paths of what the version does not have. */
export function propertiesMissingIn(version: ApiVersion, entity: Entity): readonly string[] {
  return Object.entries(PROPERTY_SPANS[entity])
    .filter(([, span]) => !isWithin(version, span))
    .map(([path]) => path);
}

/** Until 2020-09-01.12.0 a task took one place on a node, and the places had another name; a job counted tasks only. */
export function countsTasksOnly(version: ApiVersion): boolean {
  return !isWithin(version, SLOTS);
}

/** Whether the deletion and the termination of a job can be forced. */
export function knowsForce(version: ApiVersion): boolean {
  return isWithin(version, SINCE_2024_07);
}

function within(place: string, spans: Readonly<Record<string, Span>>): Record<string, Span> {
  return Object.fromEntries(Object.entries(spans).map(([path, span]) => [`${place}.${path}`, span]));
}

function isWithin(version: ApiVersion, { since, before }: Span): boolean {
  const place = API_VERSIONS.indexOf(version);
  const isTooOld = since !== undefined && place < API_VERSIONS.indexOf(since);
  const isTooNew = before !== undefined && place >= API_VERSIONS.indexOf(before);
  return !isTooOld && !isTooNew;
}
