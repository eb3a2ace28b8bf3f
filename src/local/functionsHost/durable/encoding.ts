import { errorMessage } from "../../kit/errorText.ts";
import type { FailureDetails } from "../engine/history.ts";
import type { RpcTypedData } from "../worker/rpc.ts";
import { propertiesOf, textMetadata } from "../worker/triggerMetadata.ts";
import type { ActivityResult } from "./durableRunner.ts";

/**
 * Strings are passed on as they are, other values as .NET renders them: a boolean arrives as "True" or "False".
 * https://github.com/Azure/azure-functions-durable-extension/issues/1505
 */
export function toActivityInput(json: string | null): RpcTypedData | null {
  if (json === null) return null;
  const value: unknown = JSON.parse(json);
  if (value === null) return null;
  if (typeof value === "boolean") return { string: value ? "True" : "False" };
  return { string: typeof value === "string" ? value : json };
}

/** What an activity is told besides its input: the input once more, and, if it is an object, its properties. */
export function toActivityMetadata(instanceId: string, json: string | null): Record<string, RpcTypedData> {
  const id = { instanceId: textMetadata(instanceId) };
  return json === null || json === "null" ? id : { ...id, data: { json }, ...propertiesOf(json) };
}

/** What a function returned, as JSON text. */
export function toJsonResult(data: RpcTypedData | null | undefined): string | null {
  if (data === null || data === undefined) return null;
  if (data.json !== undefined) return data.json;
  if (data.string !== undefined) return JSON.stringify(data.string);
  if (data.bytes !== undefined) return JSON.stringify(Buffer.from(data.bytes).toString("base64"));
  return JSON.stringify(data.int ?? data.double ?? null);
}

export function activityFailure(name: string, error: unknown): ActivityResult & { kind: "failed" } {
  const text = cutMessage(errorMessage(error));
  const failureDetails = readFailureDetails(text);
  const message = failureDetails?.ErrorMessage ?? text;
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return {
    kind: "failed",
    reason: `Activity function '${name}' failed: ${message}`,
    details: JSON.stringify({ $type: "System.Exception", Message: message, StackTraceString: stack }),
    ...(failureDetails === undefined ? {} : { failureDetails }),
  };
}

/** The real host reads a message only up to this mark. */
function cutMessage(message: string): string {
  return message.split("\nStack:", 1)[0] ?? "";
}

/** With an exception properties provider, the SDK makes the message a JSON text of this shape. */
function readFailureDetails(message: string): FailureDetails | undefined {
  if (!message.startsWith("{")) return undefined;
  let parsed: Partial<Record<"errorType" | "errorMessage" | "stackTrace" | "isNonRetriable" | "properties", unknown>>;
  try {
    parsed = JSON.parse(message) as typeof parsed;
  } catch {
    return undefined;
  }
  const { errorType, errorMessage, stackTrace, isNonRetriable, properties } = parsed;
  if (typeof errorType !== "string" || typeof errorMessage !== "string" || typeof isNonRetriable !== "boolean") {
    return undefined;
  }
  return {
    ErrorType: errorType,
    ErrorMessage: errorMessage,
    StackTrace: typeof stackTrace === "string" ? stackTrace : null,
    InnerFailure: null,
    IsNonRetriable: isNonRetriable,
    Properties: (properties ?? null) as Readonly<Record<string, unknown>> | null,
  };
}
