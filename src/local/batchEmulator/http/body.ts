import type { IncomingMessage } from "node:http";
import { LIMITS } from "../limits.ts";
import { ServiceError } from "../serviceError.ts";

/** What is read of a body that is too large, and thrown away: a client that is cut off at once sees no answer. */
const MAX_DISCARDED_BYTES = 16 * LIMITS.MAX_BODY_BYTES;

/** Throws as soon as the body is known to be too large. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const declared = request.headers["content-length"];
  if (request.method === "POST" && declared === undefined && request.headers["transfer-encoding"] === undefined) {
    throw new ServiceError("MissingContentLengthHeader");
  }
  if (Number(declared ?? 0) > LIMITS.MAX_BODY_BYTES) throw tooLarge(request);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LIMITS.MAX_BODY_BYTES) throw tooLarge(request);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(request: IncomingMessage): ServiceError {
  let discarded = 0;
  request.on("data", (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > MAX_DISCARDED_BYTES) request.destroy();
  });
  return new ServiceError("RequestBodyTooLarge", {
    values: [{ key: "MaxLimit", value: String(LIMITS.MAX_BODY_BYTES) }],
  });
}

export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new ServiceError("InvalidRequestBody", {
      values: [{ key: "Reason", value: cause instanceof Error ? cause.message.slice(0, 200) : "" }],
    });
  }
}
