import * as v from "valibot";
import { DURATIONS, LIMITS } from "../limits.ts";
import { ServiceError, invalidProperty } from "../serviceError.ts";
import { resourceFile } from "./fileBodies.ts";
import { virtualMachineConfiguration } from "./machineBodies.ts";
import { networkConfiguration } from "./networkBodies.ts";
import { nodeDeallocationOption } from "./nodeBodies.ts";
import {
  choice,
  commandLine,
  count,
  countOrUnlimited,
  DEFAULT_USER,
  displayName,
  duration,
  id,
  environmentSetting,
  nameValue,
  optional,
  parseBody,
  unsupported,
  userIdentity,
} from "./schema.ts";

const startTask = v.object({
  commandLine,
  resourceFiles: optional(v.array(resourceFile)),
  environmentSettings: optional(v.array(environmentSetting)),
  containerSettings: unsupported("containerSettings"),
  userIdentity: v.nullish(userIdentity, DEFAULT_USER),
  maxTaskRetryCount: v.nullish(countOrUnlimited, 0),
  waitForSuccess: v.nullish(v.boolean(), true),
});
export type StartTaskSpec = v.InferOutput<typeof startTask>;

/** Checks the form only: which sizes exist depends on the region and changes. */
const vmSize = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.regex(/^(standard|basic)_[a-z0-9_-]+$/, "Must be the size of a virtual machine, such as Standard_D2s_v3"),
);

/** Without its password and key: nobody can log in. */
const userAccount = v.object({ name: v.string(), elevationLevel: optional(v.unknown()) });

const nodeCommunicationMode = choice(["default", "classic", "simplified"]);

const taskSchedulingPolicy = v.object({
  jobDefaultOrder: optional(choice(["none", "creationtime"])),
  nodeFillType: v.nullish(choice(["Spread", "Pack"]), "Spread"),
});

/** An application package must have been uploaded, through Azure Resource Manager: there are none here. */
const applicationPackageReferences = v.pipe(
  optional(v.array(v.looseObject({ applicationId: v.string() }))),
  v.transform((references): undefined => {
    if (references !== undefined && references.length > 0) {
      throw new ServiceError("InvalidApplicationPackageReferences", {
        values: references.map(({ applicationId }) => ({ key: "ApplicationId", value: applicationId })),
      });
    }
  }),
);

/** Kept and shown; nothing here goes by them. */
const shownOnly = {
  resourceTags: optional(v.record(v.string(), v.string())),
  upgradePolicy: optional(v.looseObject({ mode: choice(["automatic", "manual", "rolling"]) })),
  applicationLicenses: optional(v.array(v.string())),
};

const resizeTimeout = v.nullish(
  duration({ min: DURATIONS.MIN_RESIZE_TIMEOUT, max: DURATIONS.MAX_RESIZE_TIMEOUT }),
  DURATIONS.DEFAULT_RESIZE_TIMEOUT,
);

const autoScaleEvaluationInterval = optional(
  duration({ min: DURATIONS.MIN_AUTOSCALE_INTERVAL, max: DURATIONS.MAX_AUTOSCALE_INTERVAL }),
);

export const newPool = v.object({
  id,
  displayName: optional(displayName),
  vmSize,
  // Replaces virtualMachineConfiguration, so it comes first: otherwise the answer would be that that is missing.
  cloudServiceConfiguration: unsupported("cloudServiceConfiguration"),
  virtualMachineConfiguration,
  resizeTimeout,
  targetDedicatedNodes: optional(count),
  targetLowPriorityNodes: optional(count),
  enableAutoScale: v.nullish(v.boolean(), false),
  autoScaleFormula: optional(v.string()),
  autoScaleEvaluationInterval,
  enableInterNodeCommunication: v.nullish(v.boolean(), false),
  networkConfiguration: optional(networkConfiguration),
  startTask: optional(startTask),
  taskSlotsPerNode: v.nullish(
    v.pipe(count, v.minValue(1, "Must be at least 1"), v.maxValue(LIMITS.MAX_SLOTS_PER_NODE, "May be at most 256")),
    1,
  ),
  taskSchedulingPolicy: v.nullish(taskSchedulingPolicy, { jobDefaultOrder: undefined, nodeFillType: "Spread" }),
  userAccounts: optional(v.array(userAccount)),
  metadata: optional(v.array(nameValue)),
  mountConfiguration: unsupported("mountConfiguration"),
  applicationPackageReferences,
  certificateReferences: unsupported("certificateReferences"),
  targetNodeCommunicationMode: optional(nodeCommunicationMode),
  ...shownOnly,
});
export type PoolSpec = v.InferOutput<typeof newPool>;

export function parseNewPool(body: unknown): PoolSpec {
  const pool = parseBody(newPool, body);
  checkScaling(pool);
  return pool;
}

/** Throws where what is said of the number of nodes does not go together. */
export function checkScaling(pool: Omit<PoolSpec, "id" | "applicationPackageReferences">): void {
  const hasTargets = pool.targetDedicatedNodes !== undefined || pool.targetLowPriorityNodes !== undefined;
  if (pool.enableAutoScale) {
    if (hasTargets) {
      throw invalidProperty(
        "targetDedicatedNodes",
        pool.targetDedicatedNodes ?? pool.targetLowPriorityNodes,
        "Target node counts must not be given when enableAutoScale is true",
      );
    }
    if (pool.autoScaleFormula === undefined) {
      throw new ServiceError("MissingRequiredProperty", {
        values: [{ key: "PropertyName", value: "autoScaleFormula" }],
      });
    }
  } else {
    if (pool.autoScaleFormula !== undefined || pool.autoScaleEvaluationInterval !== undefined) {
      throw new ServiceError("InvalidAutoScalingSettings");
    }
  }
}

const poolProperties = v.object({
  startTask: optional(startTask),
  metadata: optional(v.array(nameValue)),
  applicationPackageReferences,
  certificateReferences: unsupported("certificateReferences"),
  targetNodeCommunicationMode: optional(nodeCommunicationMode),
});

/** What came with 2024-07-01.20.0. */
const poolPatch = v.object({
  ...poolProperties.entries,
  displayName: optional(displayName),
  taskSchedulingPolicy: optional(taskSchedulingPolicy),
  userAccounts: optional(v.array(userAccount)),
  resourceTags: shownOnly.resourceTags,
  upgradePolicy: shownOnly.upgradePolicy,
  vmSize: unsupported("a change of vmSize"),
  taskSlotsPerNode: unsupported("a change of taskSlotsPerNode"),
  enableInterNodeCommunication: unsupported("a change of enableInterNodeCommunication"),
  virtualMachineConfiguration: unsupported("a change of virtualMachineConfiguration"),
  networkConfiguration: unsupported("a change of networkConfiguration"),
  mountConfiguration: unsupported("mountConfiguration"),
});
export type PoolPatch = v.InferOutput<typeof poolPatch>;
export type PoolProperties = v.InferOutput<typeof poolProperties>;

export function parsePoolPatch(body: unknown): PoolPatch {
  return parseBody(poolPatch, body);
}

/** Replaces everything that can be changed: what is left out is removed. */
export function parsePoolProperties(body: unknown): PoolProperties {
  const required = v.object({ metadata: v.array(nameValue) });
  parseBody(required, body);
  return parseBody(poolProperties, body);
}

const resize = v.object({
  targetDedicatedNodes: optional(count),
  targetLowPriorityNodes: optional(count),
  resizeTimeout,
  nodeDeallocationOption: v.nullish(nodeDeallocationOption, "requeue"),
});

export type ResizeRequest = v.InferOutput<typeof resize>;

export function parseResize(body: unknown): ResizeRequest {
  const request = parseBody(resize, body);
  if (request.targetDedicatedNodes === undefined && request.targetLowPriorityNodes === undefined) {
    throw new ServiceError("MissingRequiredProperty", {
      values: [{ key: "PropertyName", value: "targetDedicatedNodes and/or targetLowPriorityNodes" }],
    });
  }
  return request;
}

const removeNodes = v.object({
  nodeList: v.pipe(
    v.array(v.string()),
    v.minLength(1, "Must name at least one node"),
    v.maxLength(LIMITS.MAX_NODES_TO_REMOVE, `May name at most ${LIMITS.MAX_NODES_TO_REMOVE} nodes`),
  ),
  resizeTimeout,
  nodeDeallocationOption: v.nullish(nodeDeallocationOption, "requeue"),
});

export function parseRemoveNodes(body: unknown): v.InferOutput<typeof removeNodes> {
  return parseBody(removeNodes, body);
}

const enableAutoScale = v.object({
  autoScaleFormula: optional(v.string()),
  autoScaleEvaluationInterval,
});

export type AutoScaleSettings = v.InferOutput<typeof enableAutoScale>;

export function parseEnableAutoScale(body: unknown): AutoScaleSettings {
  return parseBody(enableAutoScale, body);
}

export function parseEvaluateAutoScale(body: unknown): { autoScaleFormula: string } {
  return parseBody(v.object({ autoScaleFormula: v.string() }), body);
}
