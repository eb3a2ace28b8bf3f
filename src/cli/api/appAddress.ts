import { wrongUsage } from "../../local/kit/commandLine/args.ts";
import { isLoopback } from "../../local/kit/loopback.ts";
import type { Environment } from "../../model/settings.ts";

/** Where the HTTP API of an app is. */
export interface AppAddress {
  /** Without a slash at its end. */
  readonly url: string;
  readonly key: string | undefined;
}

/** The variable that holds the function key. */
export const KEY_VARIABLE = "MP3DROP_KEY";

/**
 * `what` is the option or setting that holds the text. The key is that which is given, or that of the address as `?code=`,
 * or that of the environment. Throws a `UserError`.
 */
export function readAppAddress(what: string, text: string, env: Environment, givenKey?: string): AppAddress {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    const shown = text.split("?", 1)[0];
    throw wrongUsage(`${what} is not a URL: "${shown}"`, "It looks like https://<app>.azurewebsites.net.");
  }
  const url = new URL(text);
  const key = givenKey || url.searchParams.get("code") || env[KEY_VARIABLE]?.trim() || undefined;
  if (key !== undefined && url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw wrongUsage(`${what} begins with http:, so everybody on the way could read the key`, "Begin it with https:.");
  }
  return { url: `${url.origin}${url.pathname.replace(/\/$/, "")}`, key };
}
