import { createHmac } from "node:crypto";
import { LOOPBACK } from "../../kit/loopback.ts";
import { UserError } from "../../kit/userError.ts";

export interface StorageAccount {
  readonly name: string;
  /** Base64; a secret. */
  readonly key: string;
  /** Without a slash at its end. */
  readonly queueEndpoint: string;
}

/** The account that every storage emulator has; its key is public. */
const DEVELOPMENT_ACCOUNT: StorageAccount = {
  name: "devstoreaccount1",
  key: "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
  queueEndpoint: `http://${LOOPBACK}:10001/devstoreaccount1`,
};

/** https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string */
export function parseConnectionString(text: string, settingName: string): StorageAccount {
  const pairs = text.split(";").flatMap((part) => {
    const equals = part.indexOf("=");
    return equals < 0 ? [] : [[part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim()] as const];
  });
  const values = new Map(pairs);
  if (values.get("usedevelopmentstorage")?.toLowerCase() === "true") return DEVELOPMENT_ACCOUNT;
  const name = values.get("accountname");
  const key = values.get("accountkey");
  if (name === undefined || key === undefined) {
    throw new UserError(
      "BadConnection",
      `The connection string in ${settingName} has no AccountName or no AccountKey`,
      {
        hint: "Copy the whole connection string of the storage account.",
      },
    );
  }
  const { protocol, suffix } = {
    protocol: values.get("defaultendpointsprotocol") ?? "https",
    suffix: values.get("endpointsuffix") ?? "core.windows.net",
  };
  const queueEndpoint = values.get("queueendpoint") ?? `${protocol}://${name}.queue.${suffix}`;
  return { name, key, queueEndpoint: queueEndpoint.replace(/\/+$/, "") };
}

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
