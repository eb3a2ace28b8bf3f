import * as v from "valibot";
import { choice, parseBody } from "./schema.ts";

export const NODE_DEALLOCATION_OPTIONS = ["requeue", "terminate", "taskcompletion", "retaineddata"] as const;
export type NodeDeallocationOption = (typeof NODE_DEALLOCATION_OPTIONS)[number];

export const nodeDeallocationOption = choice(NODE_DEALLOCATION_OPTIONS);

/** Reboot, reimage and deallocation have the same options; the body may be absent. */
export function parseNodeAction(
  body: unknown,
  property: "nodeRebootOption" | "nodeReimageOption" | "nodeDeallocateOption",
): NodeDeallocationOption {
  const options = parseBody(v.record(v.string(), v.unknown()), body ?? {});
  return (
    parseBody(v.object({ [property]: v.nullish(nodeDeallocationOption, "requeue") }), options)[property] ?? "requeue"
  );
}

const disableScheduling = v.object({
  nodeDisableSchedulingOption: v.nullish(choice(["requeue", "terminate", "taskcompletion"]), "requeue"),
});
export type DisableSchedulingOption = v.InferOutput<typeof disableScheduling>["nodeDisableSchedulingOption"];

export function parseDisableScheduling(body: unknown): DisableSchedulingOption {
  return parseBody(disableScheduling, body ?? {}).nodeDisableSchedulingOption;
}
