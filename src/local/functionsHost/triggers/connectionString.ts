import { LOOPBACK } from "../../kit/loopback.ts";
import { UserError } from "../../kit/userError.ts";

export interface StorageAccount {
  readonly name: string;
  /** Base64; a secret. */
  readonly key: string;
  /** Without a trailing slash. */
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
