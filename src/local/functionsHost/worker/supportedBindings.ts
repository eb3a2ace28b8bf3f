import { UserError } from "../../kit/userError.ts";
import type { RegisteredFunction } from "./coreModule.ts";

const TRIGGERS = [
  "httpTrigger",
  "timerTrigger",
  "blobTrigger",
  "queueTrigger",
  "warmupTrigger",
  "orchestrationTrigger",
  "activityTrigger",
  "entityTrigger",
];
const INPUTS = ["durableClient", "orchestrationClient", "blob"];
const OUTPUTS = ["http", "blob", "queue"];

/** Says at the start, for all functions at once, what this host cannot do. */
export function checkBindings(functions: readonly RegisteredFunction[]): void {
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
