import { UserError } from "../../kit/userError.ts";
import type { Logger } from "../log.ts";
import type { RegisteredFunction } from "./coreModule.ts";

const TRIGGERS = [
  "httpTrigger",
  "timerTrigger",
  "blobTrigger",
  "queueTrigger",
  "orchestrationTrigger",
  "activityTrigger",
  "entityTrigger",
];
const INPUTS = ["durableClient", "orchestrationClient"];
const OUTPUTS = ["http"];

/** Says at the start, for all functions at once, what this host cannot do. */
export function checkBindings(functions: readonly RegisteredFunction[], log: Logger): void {
  for (const { name, metadata } of functions) {
    if (metadata.retryOptions === undefined || metadata.retryOptions === null) continue;
    log.write("warning", `Function.${name}`, "has a retry policy, which the embedded host does not apply");
  }
  const problems = functions.flatMap((fn) =>
    fn.bindings.flatMap((binding) => {
      const known = binding === fn.trigger ? TRIGGERS : binding.direction === "in" ? INPUTS : OUTPUTS;
      return known.includes(binding.type) ? [] : [`${fn.name} uses ${binding.type} (${binding.direction})`];
    }),
  );
  if (problems.length === 0) return;
  throw new UserError(
    "UnsupportedBinding",
    `The embedded host does not support these bindings: ${problems.join("; ")}`,
    {
      hint: "Run the app in Azure Functions Core Tools instead.",
    },
  );
}
