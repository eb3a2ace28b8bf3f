import { createServer } from "node:http";
import { afterAll, beforeAll, describe, onTestFinished, test } from "vitest";
import { listen } from "../../src/local/kit/listen.ts";
import type { HostProcess } from "../local/functionsHost/hostProcess.ts";
import { fixtureApp, startHostProcess } from "../local/functionsHost/hostProcess.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { head, sendRaw } from "./rawRequest.ts";

const MAX_BODY_BYTES = 100_000;
const ALLOWED_ORIGIN = "https://app.example";

const hosts: Record<string, HostProcess> = {};

/** One process for each app, for all tests of this file. */
beforeAll(async () => {
  const env = {
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(MAX_BODY_BYTES),
    FUNCTIONS_HOST_CORS: `${ALLOWED_ORIGIN}, http://localhost:3000`,
  };
  for (const app of ["basic", "catchAll"]) {
    hosts[app] = await startHostProcess({ app: fixtureApp(app), data: temporaryFolder(afterAll), env });
  }
});

afterAll(() => Promise.all(Object.values(hosts).map((host) => host.end("SIGTERM"))));

function urlOf(app: string): string {
  return hosts[app]?.url ?? "";
}

async function managementUrl(): Promise<string> {
  const answer = await fetch(`${urlOf("basic")}/api/start/waitForEvent`, { method: "POST", body: "1" });
  return ((await answer.json()) as { statusQueryGetUri: string }).statusQueryGetUri;
}

describe("where streaming requests go", () => {
  test("a path that looks like a host stays a path", async ({ expect }) => {
    const asked: (string | undefined)[] = [];
    const stranger = createServer((request, response) => {
      asked.push(request.url);
      response.end("stranger");
    });
    const port = await listen(stranger, { port: 0 });
    onTestFinished(() => void stranger.close());
    const url = urlOf("catchAll");
    const { host } = new URL(url);

    const answers = await Promise.all(
      [`//127.0.0.1:${port}/secret?code=1`, `///127.0.0.1:${port}/secret`, `/\\127.0.0.1:${port}/secret`].map((path) =>
        sendRaw(url, head(`GET ${path} HTTP/1.1`, `Host: ${host}`, "x-functions-key: secret")),
      ),
    );

    expect(asked).toEqual([]);
    expect(answers.map(({ text }) => text.includes("stranger"))).toEqual([false, false, false]);
    expect(answers[0]).toEqual({ status: 200, text: expect.stringContaining(`//127.0.0.1:${port}/secret?code=1`) });
  });
});
