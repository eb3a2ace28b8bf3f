import type { Context } from "hono";

/** How the Durable extension says what is wrong with a request. */
export function refuse(c: Context, message: string, status: 400 | 409 = 400): Response {
  return c.json({ Message: message }, status);
}

/** How it says that what was asked for could not be done. */
export function failWith(c: Context, reason: string): Response {
  const Message = "Something went wrong while processing your request";
  return c.json({ Message, ExceptionMessage: reason }, 500);
}

/** `true` and `false` in any case; anything else counts as not given. */
export function readFlag(c: Context, name: string): boolean | undefined {
  const text = c.req.query(name)?.toLowerCase();
  return text === "true" ? true : text === "false" ? false : undefined;
}

/** The body as JSON text: empty if there is none, undefined if it is not JSON. */
export async function readJson(c: Context): Promise<string | undefined> {
  const text = await readText(c);
  return text === "" || isJson(text) ? text : undefined;
}

/** The body; empty if it is a form, which the real host has taken apart before the extension reads it. */
export async function readText(c: Context): Promise<string> {
  const text = await c.req.text();
  return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(c.req.header("content-type") ?? "") ? "" : text;
}

export function saysJson(c: Context): boolean {
  return /^application\/json\s*(;|$)/i.test(c.req.header("content-type") ?? "");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
