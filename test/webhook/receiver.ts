import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How a receiver answers; null: never. */
export type Answer = { readonly status: number; readonly headers?: Record<string, string> } | null;

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** Resolves with the first that is received from now on. */
  next(): Promise<Received>;
}

/** Somebody who wants to be told, until the end of the test. It answers with each of these once, then with 204. */
export async function openReceiver(...answers: Answer[]): Promise<Receiver> {
  const received: Received[] = [];
  const waiting: ((one: Received) => void)[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url: path, headers } = request;
    const one = { method, path, headers, body: await text(request) };
    received.push(one);
    for (const resolve of waiting.splice(0)) resolve(one);
    const answer = answers.length === 0 ? { status: 204 } : answers.shift();
    if (answer) response.writeHead(answer.status, answer.headers).end();
  };
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook?code=hush`,
    received,
    next: () => new Promise((resolve) => waiting.push(resolve)),
  };
}
