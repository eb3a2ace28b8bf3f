import * as v from "valibot";
import { ServiceError } from "../serviceError.ts";
import { choice, optional, parseBody, time } from "./schema.ts";

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

const userUpdate = v.object({
  password: optional(v.string()),
  expiryTime: optional(time),
  sshPublicKey: optional(v.string()),
});
export type NodeUserUpdate = v.InferOutput<typeof userUpdate>;

const newUser = v.object({
  name: v.pipe(v.string(), v.minLength(1, "Must not be empty")),
  isAdmin: v.nullish(v.boolean(), false),
  ...userUpdate.entries,
});
export type NewNodeUser = v.InferOutput<typeof newUser>;

export function parseNewNodeUser(body: unknown): NewNodeUser {
  const user = parseBody(newUser, body);
  if (user.password === undefined && user.sshPublicKey === undefined) {
    throw new ServiceError("MissingRequiredProperty", {
      values: [{ key: "PropertyName", value: "password and/or sshPublicKey" }],
    });
  }
  return user;
}

export function parseNodeUserUpdate(body: unknown): NodeUserUpdate {
  return parseBody(userUpdate, body);
}
