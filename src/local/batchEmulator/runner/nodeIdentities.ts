import type { StorageSharedKeyCredential } from "@azure/storage-blob";
import { UserError } from "../../kit/userError.ts";
import type { IdentityReference } from "../requestBodies/fileBodies.ts";
import { TransferError } from "./transferRetries.ts";

/** What a transfer is to do with the blob or the container that its URL names. */
export type Access = "read" | "list" | "write";

const PERMISSIONS = { read: "r", list: "rl", write: "cw" } as const satisfies Record<Access, string>;

interface Storage {
  readonly url: string;
  readonly credential: StorageSharedKeyCredential;
}

/** A signature is made for each request, and checked when that begins. */
const SIGNATURE_MS = 15 * 60_000;

/**
 * The managed identities that the nodes have, and what those may do: everything in the blobs of one storage account.
 * Instead of a token, which storage takes over HTTPS only, each request gets a signature in its URL.
 */
export class NodeIdentities {
  readonly #resourceIds: ReadonlySet<string>;
  readonly #storage: Storage | undefined;

  private constructor(resourceIds: readonly string[], storage: Storage | undefined) {
    this.#resourceIds = new Set(resourceIds.map((id) => id.toLowerCase()));
    this.#storage = storage;
  }

  /** Without a connection string the identities have no rights. Throws a `UserError` if that holds no account key. */
  static async create(resourceIds: readonly string[], connectionString: string | undefined): Promise<NodeIdentities> {
    return new NodeIdentities(
      resourceIds,
      connectionString === undefined ? undefined : await connect(connectionString),
    );
  }

  /**
   * The URL as it is to be requested: without an identity as it is. Throws what the service would answer: 400 for an
   * identity that the nodes do not have, as they get no token for it, and 403 for storage that it may not use.
   * https://learn.microsoft.com/troubleshoot/azure/hpc/batch/use-managed-identities-azure-batch-account-pool
   */
  async sign(url: string, identity: IdentityReference | undefined, access: Access): Promise<string> {
    if (identity === undefined) return url;
    if (!this.#resourceIds.has(identity.resourceId.toLowerCase())) {
      throw new TransferError(400, `The pool does not have the identity ${identity.resourceId}`);
    }
    const target = new URL(url);
    const containerName = this.#storage && containerIn(this.#storage.url, target);
    if (this.#storage === undefined || containerName === undefined) {
      throw new TransferError(403, `The identity ${identity.resourceId} has no right to the storage account`);
    }
    const { ContainerSASPermissions, generateBlobSASQueryParameters } = await import("@azure/storage-blob");
    const signature = generateBlobSASQueryParameters(
      {
        containerName,
        permissions: ContainerSASPermissions.parse(PERMISSIONS[access]),
        // Storage lives in real time, however fast the emulator's own passes.
        expiresOn: new Date(Date.now() + SIGNATURE_MS),
      },
      this.#storage.credential,
    );
    for (const [name, value] of new URLSearchParams(signature.toString())) target.searchParams.set(name, value);
    return target.href;
  }
}

/** The name of the container that a URL leads into. Undefined where it leads out of the account. */
function containerIn(accountUrl: string, target: URL): string | undefined {
  const account = new URL(accountUrl);
  const path = account.pathname.replace(/\/*$/, "/");
  if (target.origin !== account.origin || !target.pathname.startsWith(path)) return undefined;
  return target.pathname.slice(path.length).split("/")[0];
}

async function connect(connectionString: string): Promise<Storage> {
  // Loading it takes longer than starting everything else.
  const { BlobServiceClient, StorageSharedKeyCredential } = await import("@azure/storage-blob");
  try {
    const { url, credential } = BlobServiceClient.fromConnectionString(connectionString);
    if (credential instanceof StorageSharedKeyCredential) return { url, credential };
  } catch {
    // Its message may say more of the string than anybody should read.
  }
  throw new UserError("BadConnection", "The connection string for the pools' identities holds no account key", {
    hint: "Copy the whole connection string of the storage account, with AccountName and AccountKey.",
  });
}
