import { services } from "../../azure/azureServices.ts";
import type { IndexReader } from "../../upkeep/indexWindow.ts";
import { createIndexReader } from "../../upkeep/indexWindow.ts";

let shared: IndexReader | undefined;

/** What this process remembers of the index of conversions: one for all requests. */
export function conversionIndex(): IndexReader {
  return (shared ??= createIndexReader(services()));
}
