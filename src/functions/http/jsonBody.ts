import type { HttpRequest } from "@azure/functions";
import { Refusal } from "./answers.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_BYTES = 64 * 1024;

/** The body, a JSON object with no other members than these. An empty body is an empty object. Throws a `Refusal`. */
export async function readJsonObject(request: HttpRequest, members: readonly string[]): Promise<JsonObject> {
  const text = await request.text();
  if (text.length > MAX_BYTES) throw bad(`The body has more than ${MAX_BYTES} characters.`);
  const value = parse(text.trim() || "{}");
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw bad("The body must be a JSON object.");
  const unknown = Object.keys(value).find((name) => !members.includes(name));
  if (unknown === undefined) return value as JsonObject;
  throw bad(`The body has a member "${unknown.slice(0, 60)}". It may have ${members.join(", ")}.`);
}

/** Undefined if there is none. Throws a `Refusal` for anything but a text. */
export function textIn(body: JsonObject, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw bad(`${name} must be a text, not ${JSON.stringify(value)?.slice(0, 60)}.`);
}

export function bad(detail: string): Refusal {
  return new Refusal(400, "BadRequest", detail);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bad(`The body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
