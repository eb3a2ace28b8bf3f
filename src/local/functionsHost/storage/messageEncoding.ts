import type { MessageEncoding } from "../hostJson.ts";

export function encodeMessage(bytes: Buffer, encoding: MessageEncoding): string {
  return bytes.toString(encoding === "base64" ? "base64" : "utf8");
}

/** Undefined if that is not what the message is encoded in. */
export function decodeMessage(text: string, encoding: MessageEncoding): string | undefined {
  if (encoding === "none") return text;
  const packed = text.replace(/\s/g, "");
  const isBase64 = packed.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(packed);
  return isBase64 ? Buffer.from(packed, "base64").toString("utf8") : undefined;
}
