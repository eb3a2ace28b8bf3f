import { isLoopback, LOOPBACK } from "../../kit/loopback.ts";
import { foreignRequest } from "../../kit/requestOrigin.ts";
import { refuse } from "./refuse.ts";

/**
 * Azurite answers whoever reaches its ports and knows its key, and the key is public: a web page can sign requests of its
 * own. This refuses what pages of other sites send, on all ports.
 *
 * Pages that this machine serves itself, on any port, are let through: uploading to storage with a SAS is what pages do,
 * and storage is never of the page's own origin. What such a page may read is then a matter of the CORS rules that are
 * set in Azurite, as on Azure.
 *
 * Relies on: `refuse`.
 * If it goes: web pages can read and write blobs, as they can with an Azurite that is started alone.
 */
refuse("refusesPages", (request) => {
  const message = foreignRequest(request, LOOPBACK, isLocalPage);
  return message === undefined ? undefined : { status: 403, code: "AuthorizationFailure", message };
});

function isLocalPage(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  return url.origin === origin.toLowerCase() && isLoopback(url.hostname);
}
