import * as v from "valibot";
import { UserError } from "../../kit/userError.ts";

export const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const rate = v.optional(share, 1);
export const milliseconds = v.pipe(v.number(), v.minValue(0));
/** How often the fault strikes at most; without it, there is no limit. */
const times = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)));
export const range = <Schema extends v.GenericSchema<number>>(schema: Schema) =>
  v.union([schema, v.tuple([schema, schema])]);

const requestFault = v.pipe(
  v.strictObject({
    /** As the REST reference names it, such as `Task_Add`; left out, every operation. */
    operation: v.optional(v.string()),
    rate,
    times,
    delayMs: v.optional(range(milliseconds)),
    status: v.optional(v.picklist([429, 500, 503])),
    retryAfterSeconds: v.optional(v.number()),
    drop: v.optional(v.boolean()),
  }),
  v.check(
    ({ delayMs, status, drop }) => delayMs !== undefined || status !== undefined || drop === true,
    "needs one of delayMs, status and drop",
  ),
);
export type RequestFault = v.InferOutput<typeof requestFault>;

const resizeFault = v.strictObject({
  pool: v.optional(v.string()),
  rate,
  times,
  code: v.optional(v.string()),
  message: v.optional(v.string(), "The resize failed on purpose"),
});

const startTaskFault = v.strictObject({
  pool: v.optional(v.string()),
  rate,
  times,
  exitCode: v.optional(v.pipe(v.number(), v.integer()), 1),
});

const nodeFault = v.strictObject({
  pool: v.optional(v.string()),
  rate,
  times,
  what: v.picklist(["preempt", "unusable"]),
  /** Counted from when a task starts on the node. */
  afterMs: v.optional(milliseconds, 0),
});

const transferFault = v.strictObject({ job: v.optional(v.string()), rate, times, code: v.optional(v.string()) });

export const faultPlan = v.strictObject({
  requests: v.optional(v.array(requestFault), []),
  resizes: v.optional(v.array(resizeFault), []),
  startTasks: v.optional(v.array(startTaskFault), []),
  nodes: v.optional(v.array(nodeFault), []),
  downloads: v.optional(v.array(transferFault), []),
  uploads: v.optional(v.array(transferFault), []),
});
export type FaultPlan = v.InferOutput<typeof faultPlan>;
/** As people write it: everything may be left out. */
export type FaultPlanInput = v.InferInput<typeof faultPlan>;

export function parseFaultPlan(plan: unknown): FaultPlan {
  return parseUserInput(faultPlan, plan, "The fault plan");
}

/** `source` names the input in messages. */
export function parseUserInput<const Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
  source: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const reason = issue.expected === "never" ? "there is no such key" : issue.message;
  throw new UserError("InvalidFaults", `${source}: ${v.getDotPath(issue) ?? "at the top"}: ${reason}`, {
    hint: "See docs/batch-emulator.md for what can be made to fail.",
  });
}
