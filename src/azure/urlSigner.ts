import type { BlobSASSignatureValues, BlobServiceClient, UserDelegationKey } from "@azure/storage-blob";
import {
  BlobSASPermissions,
  ContainerSASPermissions,
  SASProtocol,
  StorageSharedKeyCredential,
  generateBlobSASQueryParameters,
} from "@azure/storage-blob";
import type { BlobAddress } from "../services.ts";
import { remembered } from "./remembered.ts";

/** Makes URLs that grant one right each. They are secrets: never in a history, record or log. */
export interface UrlSigner {
  readUrl(blob: BlobAddress, expiresOn: Date, fileName?: string): Promise<string>;
  uploadUrl(blob: BlobAddress, expiresOn: Date): Promise<string>;
  writeUrl(container: string, expiresOn: Date): Promise<string>;
}

/** The clocks of this machine, the nodes and the storage service may differ by this much. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** Signs with the account's key if there is one, or else with a user delegation key. */
export function createUrlSigner(account: BlobServiceClient, now: () => number = Date.now): UrlSigner {
  const delegationKey = createDelegationKeys(account, now);

  async function sign(values: BlobSASSignatureValues & { expiresOn: Date }): Promise<string> {
    const startsOn = new Date(now() - CLOCK_SKEW_MS);
    const complete = { ...values, startsOn, protocol: protocolOf(account) };
    if (account.credential instanceof StorageSharedKeyCredential) {
      return generateBlobSASQueryParameters(complete, account.credential).toString();
    }
    const key = await delegationKey(values.expiresOn);
    if (startsOn < key.signedStartsOn) complete.startsOn = key.signedStartsOn;
    return generateBlobSASQueryParameters(complete, key, account.accountName).toString();
  }

  async function blobUrl(
    { container, name }: BlobAddress,
    rights: string,
    expiresOn: Date,
    fileName?: string,
  ): Promise<string> {
    const sas = await sign({
      containerName: container,
      blobName: name,
      permissions: BlobSASPermissions.parse(rights),
      expiresOn,
      ...(fileName !== undefined && { contentDisposition: attachment(fileName) }),
    });
    return `${account.getContainerClient(container).getBlobClient(name).url}?${sas}`;
  }

  return {
    readUrl: (blob, expiresOn, fileName) => blobUrl(blob, "r", expiresOn, fileName),
    // Put Block asks for the right to write: with the right to create alone, only small blobs arrive.
    // https://github.com/Azure/azure-storage-node/issues/485
    uploadUrl: (blob, expiresOn) => blobUrl(blob, "cw", expiresOn),
    async writeUrl(container, expiresOn) {
      const sas = await sign({ containerName: container, permissions: ContainerSASPermissions.parse("cw"), expiresOn });
      return `${account.getContainerClient(container).url}?${sas}`;
    },
  };
}

/** https://www.rfc-editor.org/rfc/rfc6266#section-5 */
function attachment(fileName: string): string {
  const encoded = encodeURIComponent(fileName).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${fileName.replace(/[^\x20-\x7E]|["\\]/g, "_")}"; filename*=UTF-8''${encoded}`;
}

/** Azurite speaks plain HTTP on loopback; the cloud does not. */
function protocolOf(account: BlobServiceClient): SASProtocol {
  return account.url.startsWith("https:") ? SASProtocol.Https : SASProtocol.HttpsAndHttp;
}

/** The service's limit is seven days: https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key */
const KEY_LIFETIME_MS = 7 * 24 * 3_600_000 - 2 * CLOCK_SKEW_MS;

/** A key may be revoked at any time, and what it signs after that is worthless. This limits for how long. */
const KEY_MAX_AGE_MS = 3_600_000;

/** One key serves many signatures. Whatever it signs ends with it, so it must last as long as the URL. */
function createDelegationKeys(
  account: BlobServiceClient,
  now: () => number,
): (neededUntil: Date) => Promise<UserDelegationKey> {
  const fetchKey = (): Promise<UserDelegationKey> =>
    account.getUserDelegationKey(new Date(now() - CLOCK_SKEW_MS), new Date(now() + KEY_LIFETIME_MS));
  const current = remembered(fetchKey, { maxAgeMs: KEY_MAX_AGE_MS, now });

  return async (neededUntil) => {
    let key = await current.get();
    if (key.signedExpiresOn < neededUntil) key = await current.get({ isFresh: true });
    if (key.signedExpiresOn >= neededUntil) return key;
    throw new RangeError(
      `No URL can be signed until ${neededUntil.toISOString()}: a user delegation key lasts seven days at most`,
    );
  };
}
