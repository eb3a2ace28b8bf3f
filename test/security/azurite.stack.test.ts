import { BlobSASPermissions, BlobServiceClient } from "@azure/storage-blob";
import { test } from "vitest";
import { useOwnAzurite } from "../azuriteServices.ts";
import { head, sendRaw } from "./rawRequest.ts";

const azurite = useOwnAzurite();

function endpoints(): string[] {
  return [...azurite.connectionString.matchAll(/Endpoint=([^;]*)/g)].map((match) => match[1] ?? "");
}

/** A container with one blob, a link to upload another one, and CORS rules that let every page in. */
async function prepare(name: string) {
  const account = BlobServiceClient.fromConnectionString(azurite.connectionString);
  await account.setProperties({
    cors: [
      { allowedOrigins: "*", allowedMethods: "PUT,GET", allowedHeaders: "*", exposedHeaders: "*", maxAgeInSeconds: 60 },
    ],
  });
  const container = account.getContainerClient(name);
  await container.createIfNotExists();
  const blob = container.getBlockBlobClient("page.mp4");
  const url = await blob.generateSasUrl({
    permissions: BlobSASPermissions.parse("rcw"),
    expiresOn: new Date(Date.now() + 3_600_000),
  });
  return { blob, url };
}

function put(url: string, origin: string): Promise<Response> {
  return fetch(url, { method: "PUT", headers: { origin, "x-ms-blob-type": "BlockBlob" }, body: "video" });
}

test("each port refuses pages of other sites, by their host and by their origin", async ({ expect }) => {
  const answers = await Promise.all(
    endpoints().flatMap((endpoint) => {
      const { host, pathname } = new URL(endpoint);
      return [
        sendRaw(endpoint, head(`GET ${pathname}?comp=list HTTP/1.1`, "Host: evil.example")),
        sendRaw(endpoint, head(`GET ${pathname}?comp=list HTTP/1.1`, `Host: ${host}`, "Origin: http://evil.example")),
        sendRaw(endpoint, head(`POST ${pathname} HTTP/1.1`, `Host: ${host}`, "Origin: null", "Content-Length: 0")),
        sendRaw(endpoint, head(`GET http://evil.example${pathname} HTTP/1.1`, `Host: ${host}`)),
      ];
    }),
  );

  expect(answers).toHaveLength(12);
  expect(new Set(answers.map(({ status, text }) => [status, text.includes("The request ")].join()))).toEqual(
    new Set(["403,true"]),
  );
});

test.for(["http://evil.example", "http://localhost.evil.example", "https://127.0.0.1.evil.example", "null", "file://"])(
  "a page of %s can neither upload nor read, even with a SAS and the right CORS rules",
  async (origin, { expect }) => {
    const { blob, url } = await prepare("foreign");

    const upload = await put(url, origin);
    const preflight = await fetch(url, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "PUT" },
    });

    expect([upload.status, upload.headers.get("x-ms-error-code")]).toEqual([403, "AuthorizationFailure"]);
    expect(preflight.status).toBe(403);
    expect(await blob.exists()).toBe(false);
  },
);

test.for(["http://127.0.0.1:7071", "http://localhost:3000", "https://localhost", "http://[::1]:8080"])(
  "a page of %s uploads with a SAS, under the CORS rules of the storage",
  async (origin, { expect }) => {
    const { blob, url } = await prepare("local");

    const preflight = await fetch(url, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "PUT" },
    });
    const upload = await put(url, origin);

    expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
    expect([upload.status, upload.headers.get("access-control-allow-origin")]).toEqual([201, "*"]);
    expect((await blob.downloadToBuffer()).toString()).toBe("video");
  },
);

/** What a browser sends for a link, an image, a script or a frame: no origin, but that the page is of another site. */
function load(url: string, referrer: string | undefined): Promise<number> {
  const { host, pathname, search } = new URL(url);
  const from = referrer === undefined ? [] : [`Referer: ${referrer}`];
  const request = head(`GET ${pathname}${search} HTTP/1.1`, `Host: ${host}`, "Sec-Fetch-Site: cross-site", ...from);
  return sendRaw(url, request).then(({ status }) => status);
}

test("a page of another site cannot load or open a blob with a SAS; one of this machine can", async ({ expect }) => {
  const { blob, url } = await prepare("loaded");
  await blob.uploadData(Buffer.from("<script>alert(1)</script>"));

  expect(await load(url, undefined)).toBe(403);
  expect(await load(url, "http://evil.example/")).toBe(403);
  expect(await load(url, "http://localhost:3000/")).toBe(200);
});
