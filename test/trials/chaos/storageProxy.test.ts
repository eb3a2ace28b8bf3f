import { createServer } from "node:http";
import { onTestFinished, test } from "vitest";
import { seededRandom } from "../../../src/local/batchEmulator/random.ts";
import { listen } from "../../../src/local/kit/listen.ts";
import { LOOPBACK } from "../../../src/local/kit/loopback.ts";
import { StorageProxy } from "./storageProxy.ts";

const OF_APP = { authorization: "SharedKey a:b", "user-agent": "azsdk-js-azure-storage-blob/12" };

/** A proxy before a storage that says what it was asked. */
async function startProxy(hold: Promise<void> = Promise.resolve()) {
  const asked: string[] = [];
  const counts: string[] = [];
  const storage = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(201, { "x-host": request.headers.host, etag: '"0x1"' });
    request.pipe(response);
  });
  const port = await listen(storage, { port: 0 });
  const proxy = await StorageProxy.start(port, {
    random: seededRandom(1),
    rate: 0,
    holdMs: [0, 0],
    count: (fault) => counts.push(fault),
    hold: () => hold,
  });
  onTestFinished(() => {
    proxy.stop();
    storage.close();
  });
  return { proxy, url: `http://${LOOPBACK}:${proxy.port}/account`, asked, counts };
}

test("a request and its answer come through as they are, with the Host header of the sender", async ({ expect }) => {
  const { url, proxy, asked } = await startProxy();

  const response = await fetch(`${url}/output/a%20b?comp=x`, { method: "PUT", body: "hello" });

  expect([response.status, await response.text()]).toEqual([201, "hello"]);
  expect(response.headers.get("x-host")).toBe(`${LOOPBACK}:${proxy.port}`);
  expect(asked).toEqual(["PUT /account/output/a%20b?comp=x"]);
});

test("the first request of each kind is held while others go through, and arrives even if its sender has gone", async ({
  expect,
}) => {
  let letGo = (): void => undefined;
  const { url, asked, counts } = await startProxy(new Promise((resolve) => (letGo = resolve)));
  const sender = new AbortController();
  const held = fetch(`${url}/application/decisions/1.json`, { headers: OF_APP, signal: sender.signal });
  while (counts.length === 0) await new Promise((resolve) => setImmediate(resolve));

  const other = await fetch(`${url}/application/decisions/2.json`, { headers: OF_APP });
  sender.abort();
  await held.catch(() => {});
  letGo();
  while (asked.length < 2) await new Promise((resolve) => setImmediate(resolve));

  expect(other.status).toBe(201);
  expect(asked).toEqual(["GET /account/application/decisions/2.json", "GET /account/application/decisions/1.json"]);
  expect(counts).toEqual(["storage request held"]);
});

test("each report that a task uploads is announced, and nothing else is", async ({ expect }) => {
  const { url, proxy } = await startProxy();
  const reports: string[] = [];
  proxy.afterEachReport((name, eTag) => reports.push(`${name} ${eTag}`));

  await fetch(`${url}/work/0a/1/report.json?sig=x`, { method: "PUT", body: "{}" });
  await fetch(`${url}/work/0a/1/report.json?sig=x`);
  await fetch(`${url}/work/0a/1/result?sig=x`, { method: "PUT", body: "x" });
  await fetch(`${url}/output/report.json?sig=x`, { method: "PUT", body: "x" });

  expect(reports).toEqual(['0a/1/report.json "0x1"']);
});

test("what comes while the proxy is silent is never answered, and what comes later is", async ({ expect }) => {
  const { url, proxy, asked, counts } = await startProxy();
  const sender = new AbortController();
  proxy.beSilent(true);
  const silent = fetch(`${url}/input/a`, { signal: sender.signal });
  while (counts.length === 0) await new Promise((resolve) => setImmediate(resolve));
  proxy.beSilent(false);

  expect((await fetch(`${url}/input/b`)).status).toBe(201);
  sender.abort();
  await expect(silent).rejects.toThrow();
  expect(asked).toEqual(["GET /account/input/b"]);
});

test("a container that was deleted cannot be made again at once, but others can", async ({ expect }) => {
  const { url, proxy, asked } = await startProxy();
  const create = (container: string) => fetch(`${url}/${container}?restype=container`, { method: "PUT" });
  proxy.keepDeleted("output");

  const refused = await create("output");

  expect([refused.status, refused.headers.get("x-ms-error-code")]).toEqual([409, "ContainerBeingDeleted"]);
  expect((await create("work")).status).toBe(201);
  expect(asked).toEqual(["PUT /account/work?restype=container"]);
});

test("an action follows the next copy to the output container, and precedes the first part of an upload", async ({
  expect,
}) => {
  const { url, proxy, asked } = await startProxy();
  const events: string[] = [];
  const copied = new Promise<void>((resolve) => proxy.afterNextCopy(resolve));
  proxy.duringUpload("a b.mp4", () => events.push(`part after ${asked.length} requests`));

  await fetch(`${url}/input/c.mp4?comp=block&blockid=1`, { method: "PUT" });
  for (const id of [1, 2]) await fetch(`${url}/input/a%20b.mp4?comp=block&blockid=${id}`, { method: "PUT" });
  await fetch(`${url}/output/a.mp3`, { method: "PUT", headers: { "x-ms-copy-source": "elsewhere" } });
  await copied;

  expect(events).toEqual(["part after 1 requests"]);
});
