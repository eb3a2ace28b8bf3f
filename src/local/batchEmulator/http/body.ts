import type { IncomingMessage } from "node:http";
import { LIMITS } from "../limits.ts";
import { ServiceError } from "../serviceError.ts";

/** Reads the body to its end even when it is too large: a client that is cut off sees no answer. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (
    request.method === "POST" &&
    request.headers["content-length"] === undefined &&
    request.headers["transfer-encoding"] === undefined
  ) {
    throw new ServiceError("MissingContentLengthHeader");
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= LIMITS.MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (length > LIMITS.MAX_BODY_BYTES) {
    throw new ServiceError("RequestBodyTooLarge", {
      values: [{ key: "MaxLimit", value: String(LIMITS.MAX_BODY_BYTES) }],
    });
  }
  return Buffer.concat(chunks);
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
