import { Server } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isLoopback, LOOPBACK } from "../../kit/loopback.ts";
import { foreignRequest } from "../../kit/requestOrigin.ts";
import { patch } from "./patch.ts";

interface Emitter {
  emit: (this: Server, event: string | symbol, ...args: unknown[]) => boolean;
}

/**
 * Azurite answers whoever reaches its ports and knows its key, and the key is public: a web page can sign requests of its
 * own. This refuses what pages of other sites send, on all ports, before Azurite sees it.
 *
 * Pages that this machine serves itself, on any port, are let through: uploading to storage with a SAS is what pages do,
 * and storage is never of the page's own origin. What such a page may read is then a matter of the CORS rules that are
 * set in Azurite, as on Azure.
 *
 * Relies on: Node's servers announce each request by `emit("request", …)`; nothing of Azurite's own.
 * Seen with: Node 20 to 24.
 * If it goes: web pages can read and write blobs, as they can with an Azurite that is started alone.
 */
patch("refusesPages", () => {
  const prototype = Server.prototype as Emitter;
  const { emit } = prototype;
  prototype.emit = function emitIfOwn(this: Server, event: string | symbol, ...args: unknown[]): boolean {
    const [request, response] = args as [IncomingMessage, ServerResponse];
    const refusal = event === "request" ? foreignRequest(request, LOOPBACK, isLocalPage) : undefined;
    if (refusal === undefined) return emit.call(this, event, ...args);
    refuse(response, refusal);
    return true;
  };
});

function isLocalPage(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  return url.origin === origin.toLowerCase() && isLoopback(url.hostname);
}

/** In the form of storage's own errors, so that its clients show the reason. */
function refuse(response: ServerResponse, reason: string): void {
  const code = "AuthorizationFailure";
  const message = reason.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  response
    .writeHead(403, { "Content-Type": "application/xml", "x-ms-error-code": code, Connection: "close" })
    .end(body);
}
