import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { COMMANDS } from "../../../src/cli/commandTable.ts";
import { listen } from "../../../src/local/kit/listen.ts";
import { LOOPBACK } from "../../../src/local/kit/loopback.ts";
import type { ConversionList, ConversionSummary } from "../../../src/model/conversionList.ts";
import { recordedOutput } from "../../local/kit/commandLine/recordedOutput.ts";
import { temporaryFolder } from "../../local/temporaryFolder.ts";

export interface ApiRequest {
  /** With the path below `/api/conversions`. */
  readonly what: string;
  readonly key: string | undefined;
  readonly body: unknown;
}

export interface ApiAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** A server that answers as the app does; what it answers is the test's. */
export async function startStandInApi(answer: (request: ApiRequest) => ApiAnswer) {
  const requests: ApiRequest[] = [];
  const receive = async (request: IncomingMessage): Promise<ApiAnswer> => {
    const body = await text(request);
    const key = request.headers["x-functions-key"];
    const received = {
      what: `${request.method} ${(request.url ?? "").replace("/api/conversions", "")}`,
      key: typeof key === "string" ? key : undefined,
      body: body === "" ? undefined : (JSON.parse(body) as unknown),
    };
    requests.push(received);
    return answer(received);
  };
  const server = createServer((request, response) => {
    void receive(request).then(({ status = 200, headers = {}, body = "" }) => {
      response.writeHead(status, { connection: "close", ...headers });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  onTestFinished(() => void server.close());
  const url = `http://${LOOPBACK}:${await listen(server, { port: 0 })}`;
  return { url, requests, run: (...words: readonly string[]) => runCli(words, { MP3DROP_URL: url }) };
}

/** A command as it is typed, in an empty folder. */
export async function runCli(
  [name, ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  { signal = new AbortController().signal, folder = temporaryFolder() } = {},
) {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) throw new Error(`There is no command ${name}`);
  const { output, stdout, stderr } = recordedOutput();
  const exitCode = await command.run(args, { output, env, folder, signal });
  return { exitCode, stdout: stdout(), stderr: stderr() };
}

export function problem(status: number, code: string, detail = "details"): ApiAnswer {
  return {
    status,
    headers: { "content-type": "application/problem+json" },
    body: { title: code, status, code, detail },
  };
}

/** An id that ends like this. */
export function idOf(end: string): string {
  return end.padStart(32, "0");
}

export function summaryOf(name: string, changed: Partial<ConversionSummary> = {}): ConversionSummary {
  return {
    id: idOf("1"),
    status: "succeeded",
    workload: "mp3",
    input: { container: "input", name, eTag: "0x1" },
    uploadedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:00:02.000Z",
    sizeBytes: 5_000_000,
    phase: "finished",
    percent: null,
    waitReason: null,
    waitingSince: null,
    attempt: 1,
    error: null,
    output: { name: name.replace(/4$/, "3"), sizeBytes: 1_000_000 },
    ...changed,
  };
}

export function running(name: string, changed: Partial<ConversionSummary> = {}): ConversionSummary {
  const states = { status: "running", phase: "converting", endedAt: null, output: null } as const;
  return summaryOf(name, { ...states, ...changed });
}

export function failed(name: string, changed: Partial<ConversionSummary> = {}): ConversionSummary {
  const error = { code: "NoAudioStream", message: "The video has no audio stream", hint: "Upload another one." };
  return summaryOf(name, { status: "failed", error, output: null, ...changed });
}

export function listOf(
  conversions: readonly ConversionSummary[],
  { continuation = null }: { continuation?: string | null } = {},
): ConversionList {
  const count = (status: string): number => conversions.filter((each) => each.status === status).length;
  const minutes = Array.from({ length: 60 }, (_, minute) => ({
    at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
    succeeded: minute === 59 ? count("succeeded") : 0,
    failed: minute === 59 ? count("failed") : 0,
  }));
  return {
    conversions,
    counts: {
      running: count("running"),
      succeeded: count("succeeded"),
      failed: count("failed"),
      cancelled: count("cancelled"),
      isComplete: true,
    },
    lastHour: { minutes },
    continuation,
  };
}
