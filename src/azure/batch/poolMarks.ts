import { createHash } from "node:crypto";
import type { BatchServiceModels } from "@azure/batch";
import { addSeconds, parseTime } from "../../model/time.ts";
import type { NodeTargets } from "./poolScaling.ts";

const SCALING = "mp3drop-scaling";
const START_TASK = "mp3drop-start-task";
const RESTS_UNTIL = "mp3drop-rests-until";

const OUT_OF_SERVICE = "mp3drop-out-of-service";

/** More than are ever out of service at once. */
const MAX_OUT_OF_SERVICE = 20;

/** Longer than whoever lets a formula rest takes to let it scale again, and no longer than that may be forgotten. */
const REST_SECONDS = 3600;

/**
 * What we last gave a pool, kept in its metadata: a pool with marks is ours, and one whose marks differ from the wanted
 * ones is of an older version or of other settings. What somebody changed by hand since then does not show, and stays.
 */
export interface PoolMarks {
  readonly scaling: string;
  readonly startTask: string;
}

export function marksFor(targets: NodeTargets, startTask: BatchServiceModels.StartTask | undefined): PoolMarks {
  return { scaling: digest(targets), startTask: digest(startTask ?? null) };
}

/** Undefined for a pool that is not ours. */
export function readMarks(metadata: readonly BatchServiceModels.MetadataItem[] = []): PoolMarks | undefined {
  const value = (name: string): string | undefined => metadata.find((item) => item.name === name)?.value;
  const scaling = value(SCALING);
  return scaling === undefined ? undefined : { scaling, startTask: value(START_TASK) ?? "" };
}

/** The metadata with these marks in place of the old ones; what others keep there stays. */
export function withMarks(
  marks: PoolMarks,
  metadata: readonly BatchServiceModels.MetadataItem[] = [],
): BatchServiceModels.MetadataItem[] {
  return [
    ...metadata.filter(({ name }) => name !== SCALING && name !== START_TASK),
    { name: SCALING, value: marks.scaling },
    { name: START_TASK, value: marks.startTask },
  ];
}

/** The metadata of a pool of ours whose formula is about to rest while broken nodes are removed. */
export function withRest(
  now: Date,
  metadata: readonly BatchServiceModels.MetadataItem[] = [],
): BatchServiceModels.MetadataItem[] {
  const until = addSeconds(now, REST_SECONDS).toISOString();
  return [...metadata.filter(({ name }) => name !== RESTS_UNTIL), { name: RESTS_UNTIL, value: until }];
}

/** Whether autoscale that is switched off may be so on purpose. */
export function mayRest(now: Date, metadata: readonly BatchServiceModels.MetadataItem[] = []): boolean {
  return metadata.some(({ name, value }) => name === RESTS_UNTIL && now < parseTime(value));
}

/** The metadata of a pool of ours of which a node gets no more tasks: should all else that is known of it be lost, this tells. */
export function withOutOfService(
  nodeId: string,
  metadata: readonly BatchServiceModels.MetadataItem[] = [],
): BatchServiceModels.MetadataItem[] {
  const others = readOutOfService(metadata).filter((id) => id !== nodeId);
  const value = [...others, nodeId].slice(-MAX_OUT_OF_SERVICE).join(",");
  return [...metadata.filter(({ name }) => name !== OUT_OF_SERVICE), { name: OUT_OF_SERVICE, value }];
}

/** The nodes that we have last taken out of service, of which some may have gone. */
export function readOutOfService(metadata: readonly BatchServiceModels.MetadataItem[] = []): readonly string[] {
  return (metadata.find(({ name }) => name === OUT_OF_SERVICE)?.value ?? "").split(",").filter((id) => id !== "");
}

function digest(value: object | null): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
