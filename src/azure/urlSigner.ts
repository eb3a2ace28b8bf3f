import type { BlobSASSignatureValues, BlobServiceClient, UserDelegationKey } from "@azure/storage-blob";
import {
  BlobSASPermissions,
  ContainerSASPermissions,
  SASProtocol,
  StorageSharedKeyCredential,
  generateBlobSASQueryParameters,
} from "@azure/storage-blob";
import type { BlobAddress } from "../services.ts";

/** Makes URLs that carry just the right they are made for. They are secrets: never in a history, record or log. */
export interface UrlSigner {
  readUrl(blob: BlobAddress, expiresOn: Date): Promise<string>;
  writeUrl(container: string, expiresOn: Date): Promise<string>;
}

/** Clocks of nodes and of the storage service may differ by this much. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** Signs with the account's key where there is one, else with a user delegation key. */
export function createUrlSigner(account: BlobServiceClient): UrlSigner {
  const delegationKey = createDelegationKeyCache(account);

  async function sign(values: BlobSASSignatureValues & { expiresOn: Date }): Promise<string> {
    const complete = { startsOn: new Date(Date.now() - CLOCK_SKEW_MS), protocol: protocolOf(account), ...values };
    const parameters =
      account.credential instanceof StorageSharedKeyCredential
        ? generateBlobSASQueryParameters(complete, account.credential)
        : generateBlobSASQueryParameters(complete, await delegationKey(values.expiresOn), account.accountName);
    return parameters.toString();
  }

  return {
    async readUrl({ container, name }, expiresOn) {
      const permissions = BlobSASPermissions.parse("r");
      const sas = await sign({ containerName: container, blobName: name, permissions, expiresOn });
      return `${account.getContainerClient(container).getBlobClient(name).url}?${sas}`;
    },
    async writeUrl(container, expiresOn) {
      const sas = await sign({ containerName: container, permissions: ContainerSASPermissions.parse("cw"), expiresOn });
      return `${account.getContainerClient(container).url}?${sas}`;
    },
  };
}

/** Azurite speaks plain HTTP on loopback; the cloud does not. */
function protocolOf(account: BlobServiceClient): SASProtocol {
  return account.url.startsWith("https:") ? SASProtocol.Https : SASProtocol.HttpsAndHttp;
}

/**
 * One key serves many signatures; a new one is fetched when the old one would end too early.
 * A key lives for at most seven days: https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key
 */
function createDelegationKeyCache(account: BlobServiceClient): (neededUntil: Date) => Promise<UserDelegationKey> {
  const LIFETIME_MS = 7 * 24 * 3_600_000 - 2 * CLOCK_SKEW_MS;
  let current: { key: Promise<UserDelegationKey>; expiresOn: Date } | undefined;

  return (neededUntil) => {
    if (current === undefined || current.expiresOn < neededUntil) {
      const expiresOn = new Date(Date.now() + LIFETIME_MS);
      const key = account.getUserDelegationKey(new Date(Date.now() - CLOCK_SKEW_MS), expiresOn);
      current = { key, expiresOn };
      key.catch(() => (current = undefined));
    }
    return current.key;
  };
}
