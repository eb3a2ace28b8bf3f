import { createServer } from "node:http";
import { BlobServiceClient } from "@azure/storage-blob";
import { onTestFinished, test } from "vitest";
import { apiAt } from "../../src/cli/convert/app.ts";
import { untilEnded } from "../../src/cli/convert/lastSteps.ts";
import { listen } from "../../src/local/kit/listen.ts";
import { LOOPBACK } from "../../src/local/kit/loopback.ts";

const storage = new BlobServiceClient("http://127.0.0.1:1/account");
const containers = { input: "input", output: "output" };

/** An app whose conversions give these statuses, one after the other, and then the last one for ever. */
async function startApp(statuses: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const id = request.url?.split("/").at(-1) ?? "";
    const given = statuses[id] ?? [];
    const status = given[Math.min(asked.filter((other) => other === id).length, given.length - 1)];
    asked.push(id);
    response
      .writeHead(status === undefined ? 404 : 200, { connection: "close" })
      .end(JSON.stringify({ id, status, phase: "publishing" }));
  });
  onTestFinished(() => void server.close());
  const api = apiAt(`http://${LOOPBACK}:${await listen(server, { port: 0 })}`, {});
  return { asked, app: { storage, containers, api } };
}

test("conversions are waited for until none of them runs any more, or is known", async ({ expect }) => {
  const { asked, app } = await startApp({ a: ["running", "running", "succeeded"], b: ["failed"] });

  await untilEnded(app, ["a", "b", "c"], new AbortController().signal);

  expect(asked.toSorted()).toEqual(["a", "a", "a", "b", "c"]);
});

test("nobody waits who is interrupted, or whose app is gone", async ({ expect }) => {
  const { asked, app } = await startApp({ a: ["running"] });

  await untilEnded(app, ["a"], AbortSignal.abort());
  await untilEnded({ ...app, api: apiAt("http://127.0.0.1:1", {}) }, ["a"], new AbortController().signal);

  expect(asked).toEqual([]);
});
