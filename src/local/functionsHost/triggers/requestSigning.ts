import { createHmac } from "node:crypto";
import type { StorageAccount } from "./connectionString.ts";

/**
 * Headers that sign a request with the account key.
 * https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
 */
export function signRequest(
  account: StorageAccount,
  method: string,
  url: URL,
  body: string,
  now: Date,
): Record<string, string> {
  const own: Record<string, string> = { "x-ms-date": now.toUTCString(), "x-ms-version": "2021-12-02" };
  const contentType = body === "" ? "" : "application/xml";
  const length = body === "" ? "" : String(Buffer.byteLength(body));
  const headers = Object.keys(own)
    .toSorted()
    .map((name) => `${name}:${own[name]}`);
  const query = [...url.searchParams]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `\n${name.toLowerCase()}:${value}`);
  const text = [
    method,
    "",
    "",
    length,
    "",
    contentType,
    ...Array<string>(6).fill(""),
    ...headers,
    `/${account.name}${url.pathname}${query.join("")}`,
  ].join("\n");
  const signature = createHmac("sha256", Buffer.from(account.key, "base64")).update(text, "utf8").digest("base64");
  return {
    ...own,
    ...(contentType === "" ? {} : { "content-type": contentType }),
    authorization: `SharedKey ${account.name}:${signature}`,
  };
}
