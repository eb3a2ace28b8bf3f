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
  /** Answers the next event about this file in this way. */
  answerAbout(subject: string, answer: Answer): void;
  close(): Promise<void>;
}

/** Somebody who wants to be told, until the end of the test. It answers with each of these once, then with 204. */
export async function openReceiver(...answers: Answer[]): Promise<Receiver> {
  const receiver = await startReceiver(...answers);
  onTestFinished(() => receiver.close());
  return receiver;
}

/** The same until it is closed. */
export async function startReceiver(...answers: Answer[]): Promise<Receiver> {
  const received: Received[] = [];
  const answersAbout = new Map<string, Answer>();
  const answerTo = (body: string): Answer => {
    if (answersAbout.size > 0) {
      const { subject } = JSON.parse(body) as { readonly subject: string };
      const answer = answersAbout.get(subject);
      if (answersAbout.delete(subject)) return answer ?? null;
    }
    return answers.length === 0 ? { status: 204 } : (answers.shift() ?? null);
  };
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url: path, headers } = request;
    const body = await text(request);
    received.push({ method, path, headers, body });
    const answer = answerTo(body);
    if (answer) response.writeHead(answer.status, answer.headers).end();
  };
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook?code=hush`,
    received,
    answerAbout: (subject, answer) => void answersAbout.set(subject, answer),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
