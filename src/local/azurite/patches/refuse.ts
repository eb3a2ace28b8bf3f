import { Server } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { patch } from "./patch.ts";

interface Refusal {
  readonly status: 400 | 403;
  readonly code: string;
  readonly message: string;
}

interface Emitter {
  emit: (this: Server, event: string | symbol, ...args: unknown[]) => boolean;
}

/**
 * A patch that answers some requests itself, on all ports and before Azurite sees them. The others are those for which
 * `refusalOf` gives undefined.
 *
 * Relies on: Node's servers announce each request by `emit("request", …)`; nothing of Azurite's own.
 * Seen with: Node 20 to 24.
 * If it goes: Azurite answers these requests.
 */
export function refuse(name: string, refusalOf: (request: IncomingMessage) => Refusal | undefined): void {
  patch(name, () => {
    const prototype = Server.prototype as Emitter;
    const { emit } = prototype;
    prototype.emit = function emitUnlessRefused(this: Server, event: string | symbol, ...args: unknown[]): boolean {
      const [request, response] = args as [IncomingMessage, ServerResponse];
      const refusal = event === "request" ? refusalOf(request) : undefined;
      if (refusal === undefined) return emit.call(this, event, ...args);
      answer(response, refusal);
      return true;
    };
  });
}

/**
 * In the form of storage's own errors, so that its clients show the reason. The connection stays open: Node reads the
 * rest of a body that nobody wants, and a client that is still sending it gets the answer.
 */
function answer(response: ServerResponse, { status, code, message }: Refusal): void {
  const text = message.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${text}</Message></Error>`;
  response.writeHead(status, { "Content-Type": "application/xml", "x-ms-error-code": code }).end(body);
}
