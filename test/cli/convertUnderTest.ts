import { createServer, request as send } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { ConversionRecord } from "../../src/model/conversion.ts";
import { CONVERT } from "../../src/cli/commands/convertCommand.ts";
import type { Skipped } from "../../src/cli/convert/skipped.ts";
import { runCommand } from "../../src/local/kit/commandLine/command.ts";
import { listen } from "../../src/local/kit/listen.ts";
import { LOOPBACK } from "../../src/local/kit/loopback.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { recordedOutput } from "../local/kit/commandLine/recordedOutput.ts";
import type { TestStorage } from "./standInApp.ts";
import { startStandInApp } from "./standInApp.ts";

/** A folder with files and a stand-in app; `run` is the command in that folder, on real storage. */
export async function setUpConvert(
  { connectionString, storage }: TestStorage,
  { files, failing = [] }: { files: readonly string[]; failing?: readonly string[] },
) {
  const folder = temporaryFolder();
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `video ${file}`);
  }
  const app = await startStandInApp(storage, failing);
  const run = async (args: readonly string[], signal = new AbortController().signal) => {
    const { output, stdout, stderr } = recordedOutput();
    const options = ["--connection-string", connectionString, ...args];
    const exitCode = await runCommand(CONVERT, options, { output, env: {}, folder, signal });
    return { exitCode, stdout: stdout(), stderr: stderr() };
  };
  return { folder, app, storage, run };
}

export function answersIn(stdout: string): ConversionRecord[] {
  return (JSON.parse(stdout) as { conversions: ConversionRecord[] }).conversions;
}

export function skippedIn(stdout: string): Skipped[] {
  return (JSON.parse(stdout) as { skipped: Skipped[] }).skipped;
}

interface Interference {
  /** Called before a request is passed on. */
  readonly onRequest?: (request: IncomingMessage) => void;
  /** Called with the answer of the storage in place of passing it on, if it returns true. */
  readonly onAnswer?: (request: IncomingMessage, answer: IncomingMessage, response: ServerResponse) => boolean;
}

/** The connection string of a proxy before the storage. */
export async function interfereWith(
  { connectionString, storage }: TestStorage,
  { onRequest, onAnswer }: Interference,
): Promise<string> {
  const endpoint = new URL(storage.url);
  const proxy = createServer((request, response) => {
    onRequest?.(request);
    const { method, url, headers } = request;
    const onward = send({ host: endpoint.hostname, port: endpoint.port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      if (!onAnswer?.(request, answer, response)) answer.pipe(response);
    });
    // The command drops its requests when it gives a file up.
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  onTestFinished(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  const port = await listen(proxy, { port: 0 });
  return connectionString.replace(endpoint.host, `${LOOPBACK}:${port}`);
}
