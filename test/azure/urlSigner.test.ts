import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { AnonymousCredential, BlobServiceClient } from "@azure/storage-blob";
import { test } from "vitest";
import type { UrlSigner } from "../../src/azure/urlSigner.ts";
import { createUrlSigner } from "../../src/azure/urlSigner.ts";
import type { KeyRequest } from "./standInAzure.ts";
import { ACCOUNT, delegationKeyXml, listen, parseKeyRequest, sendStorageError, sendXml } from "./standInAzure.ts";

const NOON = Date.parse("2026-01-01T12:00:00.000Z");
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const VIDEO = { container: "input", name: "a.mp4" };

interface Fixture {
  readonly signer: UrlSigner;
  readonly keyRequests: readonly KeyRequest[];
  readonly clock: { now: number };
  /** Has the next request for a key refused. */
  readonly refuseOnce: () => void;
}

/** A signer without an account key, with a clock of its own. What it asks for needs no sign-in here. */
async function start({ tickMs = 0 } = {}): Promise<Fixture> {
  const keyRequests: KeyRequest[] = [];
  let isRefused = false;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const keyRequest = parseKeyRequest(await text(request), String(request.headers["x-ms-version"]));
    if (isRefused) {
      isRefused = false;
      return sendStorageError(response, 403, "AuthorizationPermissionMismatch");
    }
    keyRequests.push(keyRequest);
    return sendXml(response, 200, delegationKeyXml(keyRequest));
  };
  const port = await listen(createServer((request, response) => void answer(request, response)));
  const url = `http://127.0.0.1:${port}/${ACCOUNT}`;
  const clock = { now: NOON };
  const tick = (): number => (clock.now += tickMs);
  const signer = createUrlSigner(new BlobServiceClient(url, new AnonymousCredential()), tick);
  return { signer, keyRequests, clock, refuseOnce: () => void (isRefused = true) };
}

function timesOf(url: string): Record<"st" | "se" | "skt" | "ske", number> {
  const { searchParams } = new URL(url);
  const time = (field: string): number => Date.parse(searchParams.get(field) ?? "");
  return { st: time("st"), se: time("se"), skt: time("skt"), ske: time("ske") };
}

test("a URL is good from five minutes ago, for clocks that differ, until the time that was asked for", async ({
  expect,
}) => {
  const { signer } = await start();

  const { st, se } = timesOf(await signer.readUrl(VIDEO, new Date(NOON + HOUR_MS)));

  expect([st, se]).toEqual([NOON - 300_000, NOON + HOUR_MS]);
});

test("a URL never starts before its key, whatever second it is made in", async ({ expect }) => {
  const { signer } = await start({ tickMs: 999 });

  const { st, skt } = timesOf(await signer.readUrl(VIDEO, new Date(NOON + HOUR_MS)));

  expect(st).toBeGreaterThanOrEqual(skt);
});

test("a URL never starts before its key, not even when the clock is set back", async ({ expect }) => {
  const { signer, clock } = await start();
  await signer.readUrl(VIDEO, new Date(NOON + HOUR_MS));
  clock.now -= 60_000;

  const { st, skt } = timesOf(await signer.readUrl(VIDEO, new Date(NOON + HOUR_MS)));

  expect(st).toBeGreaterThanOrEqual(skt);
});

test("a key is asked for less than seven days, so that clocks may differ there too", async ({ expect }) => {
  const { signer, keyRequests } = await start();

  await signer.readUrl(VIDEO, new Date(NOON + HOUR_MS));

  expect(keyRequests).toMatchObject([{ start: "2026-01-01T11:55:00Z", expiry: "2026-01-08T11:50:00Z" }]);
});

test("signatures within an hour share a key, even those made at the same time", async ({ expect }) => {
  const { signer, keyRequests, clock } = await start();
  const sign = (): Promise<string> => signer.writeUrl("work", new Date(clock.now + 4 * DAY_MS));

  await Promise.all([sign(), sign(), sign()]);
  clock.now += HOUR_MS - 1;
  await sign();

  expect(keyRequests).toHaveLength(1);
});

test("a key that was revoked is not used for long: after an hour a new one is fetched", async ({ expect }) => {
  const { signer, keyRequests, clock } = await start();
  const sign = (): Promise<string> => signer.writeUrl("work", new Date(clock.now + HOUR_MS));
  await sign();
  clock.now += HOUR_MS + 1;

  await sign();

  expect(keyRequests).toHaveLength(2);
});

test("a URL that lasts longer than the key at hand gets a new key", async ({ expect }) => {
  const { signer, clock } = await start();
  await signer.readUrl(VIDEO, new Date(NOON + HOUR_MS));
  clock.now += HOUR_MS / 2;

  const { se, ske } = timesOf(await signer.readUrl(VIDEO, new Date(clock.now + 7 * DAY_MS - HOUR_MS / 4)));

  expect(se).toBeLessThanOrEqual(ske);
});

test("a URL that would outlive every key is refused, not cut short in silence", async ({ expect }) => {
  const { signer } = await start();

  await expect(signer.readUrl(VIDEO, new Date(NOON + 7 * DAY_MS))).rejects.toThrow(
    "No URL can be signed until 2026-01-08T12:00:00.000Z: a user delegation key lasts seven days at most",
  );
});

test("a refusal is not remembered", async ({ expect }) => {
  const { signer, refuseOnce } = await start();
  refuseOnce();
  await expect(signer.readUrl(VIDEO, new Date(NOON + HOUR_MS))).rejects.toThrow();

  expect(await signer.readUrl(VIDEO, new Date(NOON + HOUR_MS))).toContain("sig=");
});
