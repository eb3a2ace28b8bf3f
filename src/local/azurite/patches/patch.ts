import { createRequire } from "node:module";
import { errorMessage } from "../../kit/errorText.ts";

/** Finds packages as Azurite does: patches are preloaded into its process. */
export const azurite = createRequire(process.argv[1] ?? import.meta.url);

/** Applies a patch. One that finds nothing to patch says so in Azurite's log, and Azurite starts as it is. */
export function patch(name: string, apply: () => void): void {
  try {
    apply();
  } catch (error) {
    process.stderr.write(`Azurite starts without the patch ${name}: ${errorMessage(error)}\n`);
  }
}
