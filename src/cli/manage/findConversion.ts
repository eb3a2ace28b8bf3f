import { UserError } from "../../local/kit/userError.ts";
import type { ConversionSummary } from "../../model/conversionList.ts";
import type { AppApi } from "../api/appApi.ts";

const ID = /^[0-9a-f]{32}$/;
const PAGE = 50;

/**
 * The id of the conversion that a word means: an id, the name of a blob, or the path of a file whose name a blob has. Of
 * several conversions of a blob, the newest. Throws a `UserError` if there is none.
 */
export async function findConversion(api: AppApi, word: string, signal: AbortSignal): Promise<string> {
  if (ID.test(word)) return word;
  for (const name of namesOf(word)) {
    const found = await findNewest(api, name, signal);
    if (found !== undefined) return found.id;
  }
  throw new UserError("ConversionNotFound", `There is no conversion of "${word}", nor one with such an id`, {
    hint: "See `mp3drop list`. An id has 32 hexadecimal digits.",
  });
}

/** What a file on this machine would be called in storage: as it was given, or its last part. */
function namesOf(word: string): string[] {
  const name = word.replace(/^(\.?\/)+/, "");
  return [...new Set([name, name.split("/").at(-1) ?? ""])].filter((candidate) => candidate !== "");
}

async function findNewest(api: AppApi, name: string, signal: AbortSignal): Promise<ConversionSummary | undefined> {
  for (let continuation: string | null = null; ;) {
    const page = await api.list({ prefix: name, limit: PAGE }, continuation, signal);
    const found = page.conversions.find(({ input }) => input.name === name);
    if (found !== undefined || page.continuation === null) return found;
    ({ continuation } = page);
  }
}
