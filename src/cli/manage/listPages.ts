import type { ConversionList } from "../../model/conversionList.ts";
import type { AppApi, ListFilter } from "../api/appApi.ts";

const MAX_PAGE = 200;

/**
 * As many conversions as are wanted, from as many pages as that takes, as one list. A page may be empty although there
 * are more.
 */
export async function listPages(
  api: AppApi,
  filter: ListFilter,
  limit: number,
  signal: AbortSignal,
): Promise<ConversionList> {
  const first = await api.list({ ...filter, limit: Math.min(limit, MAX_PAGE) }, null, signal);
  const conversions = [...first.conversions];
  let { continuation } = first;
  while (continuation !== null && conversions.length < limit) {
    const pageLimit = Math.min(limit - conversions.length, MAX_PAGE);
    const page: ConversionList = await api.list({ ...filter, limit: pageLimit }, continuation, signal);
    conversions.push(...page.conversions);
    ({ continuation } = page);
  }
  return { ...first, conversions, continuation };
}
