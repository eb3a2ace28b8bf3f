import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** A request for a token, as the identity endpoint of App Service gets it. */
export interface TokenRequest {
  readonly resource: string;
  readonly clientId: string | null;
  readonly apiVersion: string | null;
}

/** What a user delegation key was asked for. */
export interface KeyRequest {
  readonly start: string;
  readonly expiry: string;
  readonly version: string;
}

export interface StandInAzure {
  /** The environment that an app with a managed identity finds. */
  readonly env: Readonly<Record<string, string>>;
  readonly blobServiceUri: string;
  readonly tokenRequests: readonly TokenRequest[];
  readonly keyRequests: readonly KeyRequest[];
}

export interface StandInOptions {
  /** The identity has no role that lets it read blobs or sign URLs. */
  readonly lacksRole?: boolean;
  /** The app has no such identity. */
  readonly lacksIdentity?: boolean;
}

export const ACCOUNT = "mp3dropstorage";
export const DELEGATION_KEY = Buffer.from("the value of the user delegation key").toString("base64");
export const IDENTITY = {
  objectId: "0b1ec7ed-0000-4000-8000-000000000001",
  tenantId: "7e4a4700-0000-4000-8000-000000000002",
};

const IDENTITY_HEADER = "the secret of the identity endpoint";
const CERTIFICATE = fileURLToPath(new URL("../fixtures/tls/certificate.pem", import.meta.url));
const PRIVATE_KEY = fileURLToPath(new URL("../fixtures/tls/key.pem", import.meta.url));
const STORAGE_RESOURCE = "https://storage.azure.com";
const BATCH_RESOURCE = "https://batch.core.windows.net";

/**
 * The identity endpoint of App Service, and one HTTPS server that is a storage account and a Batch account. Both
 * accounts take nothing but a token for their own resource.
 */
export async function startStandInAzure(options: StandInOptions = {}): Promise<StandInAzure> {
  const tokenRequests: TokenRequest[] = [];
  const keyRequests: KeyRequest[] = [];

  const identity = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://127.0.0.1");
    const resource = searchParams.get("resource") ?? "";
    if (request.headers["x-identity-header"] !== IDENTITY_HEADER) return sendJson(response, 401, {});
    tokenRequests.push({
      resource,
      clientId: searchParams.get("client_id"),
      apiVersion: searchParams.get("api-version"),
    });
    if (options.lacksIdentity) {
      return sendJson(response, 400, {
        statusCode: 400,
        message: "No User Assigned or Delegated Managed Identity found",
      });
    }
    return sendJson(response, 200, {
      access_token: tokenFor(resource),
      client_id: searchParams.get("client_id") ?? "system-assigned",
      expires_on: String(Math.floor(Date.now() / 1000) + 86_400),
      resource,
      token_type: "Bearer",
    });
  });

  const accounts = createSecureServer(
    { cert: readFileSync(CERTIFICATE), key: readFileSync(PRIVATE_KEY) },
    (request, response) => void answer(request, response),
  );
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "", "https://127.0.0.1");
    const [, first] = pathname.split("/");
    const isStorage = first === ACCOUNT;
    if (request.headers.authorization !== `Bearer ${tokenFor(isStorage ? STORAGE_RESOURCE : BATCH_RESOURCE)}`) {
      return isStorage ? sendStorageError(response, 401, "InvalidAuthenticationInfo") : sendJson(response, 401, {});
    }
    if (!isStorage) return sendJson(response, 200, { id: "mp3drop", state: "active" });
    if (options.lacksRole) return sendStorageError(response, 403, "AuthorizationPermissionMismatch");
    if (searchParams.get("comp") !== "userdelegationkey") return sendStorageError(response, 404, "BlobNotFound");
    const keyRequest = parseKeyRequest(await text(request), String(request.headers["x-ms-version"]));
    keyRequests.push(keyRequest);
    return sendXml(response, 200, delegationKeyXml(keyRequest));
  };

  const blobServiceUri = `https://127.0.0.1:${await listen(accounts)}/${ACCOUNT}`;
  const env = {
    IDENTITY_ENDPOINT: `http://127.0.0.1:${await listen(identity)}/msi/token`,
    IDENTITY_HEADER,
    NODE_EXTRA_CA_CERTS: CERTIFICATE,
    STORAGE__blobServiceUri: blobServiceUri,
    BATCH_ACCOUNT_ENDPOINT: new URL(blobServiceUri).origin,
  };
  return { env, blobServiceUri, tokenRequests, keyRequests };
}

/** https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key#request-body */
export function parseKeyRequest(body: string, version: string): KeyRequest {
  const [, start = "", expiry = ""] = /<Start>(.+)<\/Start><Expiry>(.+)<\/Expiry>/.exec(body) ?? [];
  return { start, expiry, version };
}

/** https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key#response-body */
export function delegationKeyXml({ start, expiry, version }: KeyRequest): string {
  return [
    '<?xml version="1.0" encoding="utf-8"?><UserDelegationKey>',
    `<SignedOid>${IDENTITY.objectId}</SignedOid><SignedTid>${IDENTITY.tenantId}</SignedTid>`,
    `<SignedStart>${start}</SignedStart><SignedExpiry>${expiry}</SignedExpiry>`,
    `<SignedService>b</SignedService><SignedVersion>${version}</SignedVersion>`,
    `<Value>${DELEGATION_KEY}</Value></UserDelegationKey>`,
  ].join("");
}

/** Listens on a free port until the test is over, and returns the port. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

export function sendXml(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/xml" }).end(body);
}

/** https://learn.microsoft.com/rest/api/storageservices/status-and-error-codes2 */
export function sendStorageError(response: ServerResponse, status: number, code: string): void {
  response.setHeader("x-ms-error-code", code);
  sendXml(
    response,
    status,
    `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>In words.\nRequestId:1</Message></Error>`,
  );
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function tokenFor(resource: string): string {
  return Buffer.from(`a token for ${resource}`).toString("base64url");
}
