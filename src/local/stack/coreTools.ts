import { findOnPath } from "../kit/programs.ts";
import { UserError } from "../kit/userError.ts";

/** The program of Azure Functions Core Tools. Throws a `UserError` when it is not on PATH. */
export function findCoreTools(env: NodeJS.ProcessEnv): string {
  const program = findOnPath("func", env["PATH"] ?? "");
  if (program !== undefined) return program;
  throw new UserError("CoreToolsMissing", "func, the program of Azure Functions Core Tools, is not on PATH", {
    hint: "Install it with `npm install --global azure-functions-core-tools@4`, or start without --func.",
  });
}
