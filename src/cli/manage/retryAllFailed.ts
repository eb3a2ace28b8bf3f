import type { AppApi, RetryFilter } from "../api/appApi.ts";
import type { DoneOutcome } from "./ids.ts";

/** Runs all failed conversions that fit the filter again, however many requests that takes. */
export async function retryAllFailed(
  api: AppApi,
  filter: RetryFilter,
  signal: AbortSignal,
): Promise<DoneOutcome<"started">[]> {
  const outcomes: DoneOutcome<"started">[] = [];
  for (let continuation: string | null = null; ;) {
    const page = await api.retryFailed(filter, continuation, signal);
    for (const id of page.ids) outcomes.push({ id, word: id, outcome: "started", code: null, message: null });
    for (const { id, code } of page.refused) {
      outcomes.push({ id, word: id, outcome: "refused", code, message: "the app has not started it" });
    }
    if (page.continuation === null) return outcomes;
    ({ continuation } = page);
  }
}
