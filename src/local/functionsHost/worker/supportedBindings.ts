import { UserError } from "../../kit/userError.ts";
import type { Logger } from "../log.ts";
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

/**
 * The functions that this host can run. As on the real host, one whose binding is not there is left out with an error in
 * the log, and the others run. Throws if that leaves none.
 */
export function supportedFunctions(functions: readonly RegisteredFunction[], log: Logger): RegisteredFunction[] {
  const judged = functions.map((fn) => ({ fn, missing: missingBindings(fn) }));
  const supported = judged.filter(({ missing }) => missing.length === 0).map(({ fn }) => fn);
  if (supported.length === 0) {
    const problems = judged.map(({ fn, missing }) => `${fn.name} uses ${missing.join(", ")}`);
    throw new UserError("UnsupportedBinding", `The embedded host has none of these bindings: ${problems.join("; ")}`, {
      hint: "Run the app in Azure Functions Core Tools instead.",
    });
  }
  for (const { fn, missing } of judged) {
    if (missing.length === 0) continue;
    const message = `The function is left out, as this host has no binding ${missing.join(", ")}`;
    log.write("error", `Function.${fn.name}`, message);
  }
  return supported;
}

function missingBindings({ bindings, trigger }: RegisteredFunction): string[] {
  return bindings.flatMap((binding) => {
    const known = binding === trigger ? TRIGGERS : binding.direction === "in" ? INPUTS : OUTPUTS;
    return known.includes(binding.type) ? [] : [`${binding.type} (${binding.direction})`];
  });
}
