import { errorMessage } from "../../kit/errorText.ts";
import type { HttpRequestOptions } from "../engine/actions.ts";
import { HTTP_ACTIVITY } from "../engine/actions.ts";
import type { ActivityResult } from "./durableRunner.ts";
import { activityFailure } from "./encoding.ts";
import { sendAsDotNet } from "./httpClient.ts";

/** One request of `context.df.callHttp`. */
export async function runHttpActivity(input: string | null): Promise<ActivityResult> {
  try {
    const { method, uri, content, headers, tokenSource } = JSON.parse(input ?? "{}") as HttpRequestOptions;
    if (tokenSource !== undefined && tokenSource !== null) {
      throw new Error("callHttp with a tokenSource needs a managed identity, which the embedded host does not have");
    }
    const answer = await sendAsDotNet({
      method,
      url: new URL(uri),
      content: content ?? undefined,
      headers: headers ?? {},
    });
    return { kind: "completed", result: JSON.stringify(answer) };
  } catch (error) {
    // The extension runs this activity itself, so nothing says that a function of the app has failed.
    return { ...activityFailure(HTTP_ACTIVITY, error), reason: errorMessage(error) };
  }
}
