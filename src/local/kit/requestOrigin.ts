import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { isLoopback } from "./loopback.ts";

/**
 * Why a request may come from a web page of somebody else, with what to do about it; undefined if it cannot.
 *
 * A page may let its own name point to this machine ("DNS rebinding") and is then free to talk to what listens here,
 * but the browser still sends the page's name as the host. And a page of another origin may send requests, though it
 * cannot read the answers; the browser then says where the page is from. It does so by `Origin`, or, for links, images,
 * scripts and frames, by `Sec-Fetch-Site` and `Referer` (https://www.w3.org/TR/fetch-metadata/): what a page can open
 * may run as a page of this server.
 *
 * `boundHost` is the address or name that the server was told to listen on. Pages of the server's own origin are never
 * foreign; `allowsOrigin` says which others are not.
 */
export function foreignRequest(
  { rawHeaders, url = "" }: IncomingMessage,
  boundHost: string,
  allowsOrigin: (origin: string) => boolean = () => false,
): string | undefined {
  const hosts = valuesOf(rawHeaders, "host");
  const [authority = ""] = hosts;
  if (hosts.length !== 1 || !isOwnHost(hostOf(authority), boundHost)) {
    return `The request names the host ${quoted(hosts)}, which this server does not answer to. Use localhost or ${boundHost} in the URL.`;
  }
  // The target may be a whole URL, and then it decides: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
  const target = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
  if (target !== undefined && target.toLowerCase() !== authority.toLowerCase()) {
    return `The request is for the host ${quoted([target])} but names ${quoted(hosts)}. Use the same in both.`;
  }
  const origins = originsOf(rawHeaders);
  if (origins.every((origin) => isOwnOrigin(origin, authority) || allowsOrigin(origin))) return undefined;
  return `The request comes from a page of the origin ${quoted(origins)}. This server answers to programs and to its own pages only, at http://${authority}.`;
}

/** Of the page that sends the request; none where no page does. */
function originsOf(rawHeaders: readonly string[]): string[] {
  const origins = valuesOf(rawHeaders, "origin");
  const sites = valuesOf(rawHeaders, "sec-fetch-site").map((site) => site.toLowerCase());
  if (origins.length > 0 || !sites.some((site) => site === "cross-site" || site === "same-site")) return origins;
  const referrers = valuesOf(rawHeaders, "referer");
  return referrers.length === 0
    ? [UNNAMED]
    : referrers.map((url) => (URL.canParse(url) ? new URL(url).origin : UNNAMED));
}

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

/** What browsers call an origin that they do not tell, as a page may ask them not to. */
const UNNAMED = "null";

/** A name, or an address, of IPv6 without its brackets. Undefined for what is neither. */
function hostOf(authority: string): string | undefined {
  const [, ipv6, other] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(authority) ?? [];
  return (ipv6 ?? other)?.toLowerCase();
}

const EVERY_ADDRESS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

function isOwnHost(host: string | undefined, boundHost: string): boolean {
  if (host === undefined) return false;
  if (host === boundHost.toLowerCase() || isLoopback(host)) return true;
  // No page has an address for its name unless it was loaded from there.
  return EVERY_ADDRESS.has(boundHost) && isIP(host) !== 0;
}

function isOwnOrigin(origin: string, authority: string): boolean {
  const own = `http://${authority}`;
  return URL.canParse(own) && origin.toLowerCase() === new URL(own).origin;
}

/** Shortened, since it comes from a stranger. */
function quoted(values: readonly string[]): string {
  return values.length === 0 ? "nothing" : values.map((value) => JSON.stringify(value.slice(0, 100))).join(" and ");
}
