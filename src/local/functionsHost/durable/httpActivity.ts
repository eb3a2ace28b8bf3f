import type { HttpRequestOptions } from "../engine/actions.ts";
import { HTTP_ACTIVITY } from "../engine/actions.ts";
import { activityFailure } from "./encoding.ts";
import type { ActivityResult } from "./durableRunner.ts";

/** One request of `context.df.callHttp`. */
export async function runHttpActivity(input: string | null): Promise<ActivityResult> {
  try {
    const { method, uri, content, headers, tokenSource } = JSON.parse(input ?? "{}") as HttpRequestOptions;
    if (tokenSource !== undefined && tokenSource !== null) {
      throw new Error("callHttp with a tokenSource needs a managed identity, which the embedded host does not have");
    }
    const response = await fetch(uri, {
      method,
      ...(content === undefined || content === null ? {} : { body: content }),
      ...(headers === undefined || headers === null ? {} : { headers }),
    });
    const answer = {
      statusCode: response.status,
      headers: headersOf(response),
      content: await response.text(),
    };
    return { kind: "completed", result: JSON.stringify(answer) };
  } catch (error) {
    return activityFailure(HTTP_ACTIVITY, error);
  }
}

/** Several cookies are an array, as no list of them can be told from one cookie with a comma in it. */
function headersOf({ headers }: Response): Record<string, string | string[]> {
  const cookies = headers.getSetCookie();
  return { ...Object.fromEntries(headers), ...(cookies.length > 1 ? { "set-cookie": cookies } : {}) };
}
