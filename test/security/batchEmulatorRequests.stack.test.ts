import { once } from "node:events";
import { truncateSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import type { BatchServiceModels } from "@azure/batch";
import { onTestFinished, test } from "vitest";
import type { BatchEmulator } from "../../src/local/batchEmulator/index.ts";
import {
  addPoolAndJob,
  readAll,
  startFixture,
  startVirtualFixture,
  taskCompleted,
} from "../local/batchEmulator/emulator.ts";
import { raw } from "../local/batchEmulator/rawHttp.ts";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** Unsigned: it is good enough where the key is public. */
const BEARER = `Bearer e30.${Buffer.from(JSON.stringify({ aud: "https://batch.core.windows.net/", exp: Date.now() })).toString("base64url")}.`;

function dial(emulator: BatchEmulator): Socket {
  const { hostname, port } = new URL(emulator.endpoint);
  const socket = connect(Number(port), hostname);
  // A server that cuts the connection may do so while we write.
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}

function head(...lines: readonly string[]): string {
  return ["POST /jobs?api-version=2022-10-01.16.0 HTTP/1.1", "Host: localhost", ...lines, "", ""].join("\r\n");
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once("close", () => resolve()));
}

/** Everything until the server ends the connection. */
async function readToEnd(socket: Socket): Promise<string> {
  let said = "";
  socket.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await closed(socket);
  return said;
}

test("a body that says it has 1 GB is refused before it is sent", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const socket = dial(emulator);

  socket.write(head(`Content-Length: ${GIB}`));
  const [answer] = (await once(socket, "data")) as [Buffer];

  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
});

test.for([
  ["that says it has 1 GB", `Content-Length: ${GIB}`, (bytes: Buffer) => [bytes]],
  [
    "of chunks without end",
    "Transfer-Encoding: chunked",
    (bytes: Buffer) => [`${bytes.length.toString(16)}\r\n`, bytes, "\r\n"],
  ],
] as const)("a body %s is answered with 413 and cut off, and kept nowhere", async ([, header, framed], { expect }) => {
  const { emulator } = await startVirtualFixture();
  const before = process.memoryUsage().arrayBuffers;
  const socket = dial(emulator);
  const answer = readToEnd(socket);
  const bytes = Buffer.alloc(MIB);
  let sentBytes = 0;

  socket.write(head(header));
  while (!socket.destroyed && sentBytes < GIB) {
    for (const part of framed(bytes)) await new Promise((resolve) => socket.write(part, resolve));
    sentBytes += bytes.length;
  }

  expect(await answer).toContain("RequestBodyTooLarge");
  expect(sentBytes).toBeLessThan(64 * MIB);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MIB);
});

test.for([
  ["says nothing", () => {}],
  ["sends its headers byte by byte", (socket) => dribble(socket, head("X-Long: "))],
  ["sends its body byte by byte", (socket) => dribble(socket, "{", head("Content-Length: 1000"))],
] as const satisfies readonly (readonly [string, (socket: Socket) => void])[])(
  "a client that %s is cut off, and others are served meanwhile",
  async ([, behave], { expect }) => {
    const lines: string[] = [];
    const { emulator } = await startVirtualFixture({ requestTimeoutMs: 1_000, log: (line) => lines.push(line) });
    const socket = dial(emulator);
    const said = readToEnd(socket);

    behave(socket);
    const other = await raw(emulator, { path: "/jobs" });

    expect(other.status).toBe(200);
    expect(await said).toMatch(/^(?:HTTP\/1\.1 408 |$)/);
    expect(lines).toEqual([]);
  },
);

/** One byte at a time, more slowly than anybody has patience for. */
function dribble(socket: Socket, text: string, first = ""): void {
  socket.write(first);
  let sent = 0;
  const timer = setInterval(() => socket.write(text.charAt(sent++ % text.length)), 20);
  socket.on("close", () => clearInterval(timer));
}

async function startWithLargeFile() {
  const { client, emulator } = await startFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "/bin/sh -c 'pwd'" });
  await taskCompleted(client);
  const output = await client.file.getFromTask("job", "task", "stdout.txt");
  const path = join((await readAll(output.readableStreamBody)).trim(), "large");
  writeFileSync(path, "");
  truncateSync(path, GIB);
  return { client, emulator, path };
}

test("a client that asks for a large file and does not read it fills no memory", async ({ expect }) => {
  const { client, emulator } = await startWithLargeFile();
  const before = process.memoryUsage().arrayBuffers;

  const file = await client.file.getFromTask("job", "task", "wd/large");
  file.readableStreamBody?.pause();
  for (let i = 0; i < 200; i++) await raw(emulator, { path: "/jobs" });

  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * MIB);
  (file.readableStreamBody as unknown as { destroy(): void }).destroy();
});

test("a file that becomes shorter while it is read is a broken answer, and nobody waits for the rest", async ({
  expect,
}) => {
  const { emulator, path } = await startWithLargeFile();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: BEARER, "ocp-range": `bytes=0-${GIB - 1}` };
    const url = `${emulator.endpoint}/jobs/job/tasks/task/files/wd/large?api-version=2022-10-01.16.0`;
    get(url, { headers }, resolve).on("error", reject);
  });

  truncateSync(path, 10);

  expect(response.headers["content-length"]).toBe(String(GIB));
  await expect(finished(response.resume())).rejects.toMatchObject({ code: "ECONNRESET" });
});

test("JSON that is nested without end is refused", async ({ expect }) => {
  const lines: string[] = [];
  const { emulator } = await startVirtualFixture({ log: (line) => lines.push(line) });
  const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const post = async (body: string) => (await raw(emulator, { method: "POST", path: "/jobs", body })).status;

  expect(await post(nested)).toBe(400);
  expect(await post(`{"id":${nested},"poolInfo":{"poolId":"p"}}`)).toBe(400);
  expect(await post(`{"id":"j","poolInfo":{"poolId":"p"},"metadata":${nested}}`)).toBe(400);
  expect(lines).toEqual([]);
});

test.for([
  ["a command line", { commandLine: "/bin/echo a\0b" }, "commandLine"],
  ["the name of a setting", { environmentSettings: [{ name: "A\0B", value: "x" }] }, "environmentSettings.0.name"],
  ["a setting", { environmentSettings: [{ name: "A", value: "x\0" }] }, "environmentSettings.0.value"],
] as const)("%s with the character U+0000 is refused by name", async ([, property, name], { expect }) => {
  const { emulator, client } = await startVirtualFixture();
  await client.job.add({ id: "job", poolInfo: { poolId: "pool" } });
  const body = { id: "task", commandLine: "x", ...property };

  const { status, json } = await raw(emulator, { method: "POST", path: "/jobs/job/tasks", body });

  expect(status).toBe(400);
  expect(json).toMatchObject({ code: "InvalidPropertyValue", values: [{ value: name }, {}, {}] });
});

test.for([
  ["a command line", { commandLine: `/bin/echo ${"x".repeat(500_000)}` }],
  ["the name of a program", { commandLine: "x".repeat(500_000) }],
  ["a setting", { environmentSettings: [{ name: "A", value: "x".repeat(500_000) }] }],
] satisfies [string, Partial<BatchServiceModels.TaskAddParameter>][])(
  "%s that is too long for the system fails its task and nothing else",
  async ([what, property], { expect }) => {
    const lines: string[] = [];
    const { client } = await startFixture({ log: (line) => lines.push(line) });
    await addPoolAndJob(client);

    await client.task.add("job", { id: "long", commandLine: "/bin/true", ...property });
    await client.task.add("job", { id: "next", commandLine: "/bin/true" });
    const { executionInfo } = await taskCompleted(client, "long");
    const next = await taskCompleted(client, "next");

    const code = what === "the name of a program" ? "CommandProgramNotFound" : "CommandLaunchFailed";
    expect(executionInfo?.failureInfo).toMatchObject({ category: "UserError", code });
    expect(JSON.stringify(executionInfo?.failureInfo).length).toBeLessThan(1000);
    expect(next.executionInfo).toMatchObject({ exitCode: 0 });
    expect(lines).toEqual([]);
  },
);
