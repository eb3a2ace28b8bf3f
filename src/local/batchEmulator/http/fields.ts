import type { Entity } from "../apiVersions.ts";

/** Per kind of entity: what `$select` may name, and what `$filter` may compare and how. */
export type FieldKind = "string" | "number" | "boolean" | "time";

export interface Fields {
  /** In the table of versions. */
  readonly entity?: Entity;
  readonly select: readonly string[];
  readonly filter: Readonly<Record<string, FieldKind>>;
}

const names = (text: string): string[] => text.split(/\s+/);

const VERSION = "id url eTag lastModified creationTime state stateTransitionTime";

function nodeTaskFields(name: string): Record<string, FieldKind> {
  return {
    [`${name}/state`]: "string",
    [`${name}/startTime`]: "time",
    [`${name}/endTime`]: "time",
    [`${name}/exitCode`]: "number",
    [`${name}/result`]: "string",
  };
}

/** https://learn.microsoft.com/rest/api/batchservice/odata-filters-in-batch */
export const FIELDS = {
  pool: {
    entity: "pool",
    select: names(
      `${VERSION} displayName allocationState allocationStateTransitionTime vmSize virtualMachineConfiguration resizeTimeout resizeErrors currentDedicatedNodes targetDedicatedNodes currentLowPriorityNodes targetLowPriorityNodes enableAutoScale autoScaleFormula autoScaleEvaluationInterval autoScaleRun enableInterNodeCommunication networkConfiguration startTask taskSlotsPerNode taskSchedulingPolicy userAccounts metadata stats certificateReferences applicationPackageReferences mountConfiguration identity targetNodeCommunicationMode currentNodeCommunicationMode maxTasksPerNode applicationLicenses resourceTags upgradePolicy`,
    ),
    filter: {
      id: "string",
      state: "string",
      stateTransitionTime: "time",
      allocationState: "string",
      allocationStateTransitionTime: "time",
      creationTime: "time",
      lastModified: "time",
      enableAutoScale: "boolean",
      enableInterNodeCommunication: "boolean",
      vmSize: "string",
    },
  },
  node: {
    entity: "node",
    select: names(
      "id url state schedulingState stateTransitionTime lastBootTime allocationTime ipAddress affinityId vmSize totalTasksRun totalTasksSucceeded runningTasksCount runningTaskSlotsCount recentTasks startTask startTaskInfo errors isDedicated endpointConfiguration nodeAgentInfo virtualMachineInfo certificateReferences",
    ),
    filter: {
      id: "string",
      state: "string",
      stateTransitionTime: "time",
      lastBootTime: "time",
      allocationTime: "time",
      "startTaskInfo/state": "string",
      "startTaskInfo/startTime": "time",
      "startTaskInfo/endTime": "time",
      "startTaskInfo/exitCode": "number",
      "startTaskInfo/result": "string",
    },
  },
  job: {
    entity: "job",
    select: names(
      `${VERSION} previousState previousStateTransitionTime displayName usesTaskDependencies priority maxParallelTasks allowTaskPreemption constraints jobManagerTask jobPreparationTask jobReleaseTask commonEnvironmentSettings poolInfo onAllTasksComplete onTaskFailure networkConfiguration metadata executionInfo stats`,
    ),
    filter: {
      id: "string",
      state: "string",
      stateTransitionTime: "time",
      previousState: "string",
      previousStateTransitionTime: "time",
      creationTime: "time",
      lastModified: "time",
      "executionInfo/startTime": "time",
      "executionInfo/endTime": "time",
      "executionInfo/poolId": "string",
    },
  },
  jobSchedule: {
    entity: "jobSchedule",
    select: names(
      `${VERSION} previousState previousStateTransitionTime displayName schedule jobSpecification executionInfo metadata stats`,
    ),
    filter: {
      id: "string",
      state: "string",
      stateTransitionTime: "time",
      creationTime: "time",
      lastModified: "time",
      "executionInfo/endTime": "time",
      "schedule/doNotRunUntil": "time",
      "schedule/doNotRunAfter": "time",
    },
  },
  task: {
    entity: "task",
    select: names(
      `${VERSION} previousState previousStateTransitionTime displayName commandLine containerSettings exitConditions resourceFiles outputFiles environmentSettings affinityInfo constraints requiredSlots userIdentity executionInfo nodeInfo multiInstanceSettings dependsOn applicationPackageReferences authenticationTokenSettings stats`,
    ),
    filter: {
      id: "string",
      state: "string",
      stateTransitionTime: "time",
      previousState: "string",
      previousStateTransitionTime: "time",
      creationTime: "time",
      lastModifiedTime: "time",
      lastModified: "time",
      "executionInfo/startTime": "time",
      "executionInfo/endTime": "time",
      "executionInfo/exitCode": "number",
      "executionInfo/result": "string",
    },
  },
  jobNode: {
    select: names("poolId nodeId nodeUrl jobPreparationTaskExecutionInfo jobReleaseTaskExecutionInfo"),
    filter: {
      poolId: "string",
      nodeId: "string",
      ...nodeTaskFields("jobPreparationTaskExecutionInfo"),
      ...nodeTaskFields("jobReleaseTaskExecutionInfo"),
    },
  },
  file: { select: ["name", "url", "isDirectory", "properties"], filter: { name: "string" } },
  supportedImage: {
    select: names("nodeAgentSKUId imageReference osType capabilities batchSupportEndOfLife verificationType"),
    filter: { nodeAgentSKUId: "string", osType: "string", verificationType: "string" },
  },
  nodeCounts: { entity: "nodeCounts", select: ["poolId", "dedicated", "lowPriority"], filter: { poolId: "string" } },
} as const satisfies Record<string, Fields>;
