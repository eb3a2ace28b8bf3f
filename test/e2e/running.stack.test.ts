import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, test, vi } from "vitest";
import { COMMANDS } from "../../src/cli/commandTable.ts";
import { findFfmpeg } from "../../src/local/stack/ffmpeg.ts";
import type { ConversionList, RetriedConversions } from "../../src/model/conversionList.ts";
import { normalizeETag } from "../../src/model/conversion.ts";
import { conversionIdOf } from "../../src/model/identity.ts";
import type { ResultLink, UploadTicket } from "../../src/model/upload.ts";
import type { Answer } from "./checkedApi.ts";
import { callApi } from "./checkedApi.ts";
import { recordedOutput } from "../local/kit/commandLine/recordedOutput.ts";
import { StackUnderTest } from "./stackUnderTest.ts";
import { PATIENCE_MS } from "../patience.ts";

const SAMPLE = readFileSync("test/fixtures/media/sample.mp4");
const PATIENCE = { timeout: PATIENCE_MS, interval: 100 };

let bin: string;
let stack: StackUnderTest;

/** The conversions of this stack do not end before a test lets them. */
beforeAll(async () => {
  bin = mkdtempSync(join(tmpdir(), "mp3drop-slow-"));
  const script = readFileSync("test/fixtures/slowFfmpeg.sh", "utf8");
  const slow = join(bin, "ffmpeg");
  writeFileSync(slow, script.replace("REAL_FFMPEG", findFfmpeg(process.env).ffmpeg).replace("FOLDER", bin), {
    mode: 0o755,
  });
  stack = await StackUnderTest.start({ FFMPEG_PATH: slow });
});

afterAll(async () => {
  await stack?.stop();
  rmSync(bin, { recursive: true });
});

beforeEach(() => rmSync(join(bin, "go"), { force: true }));

function letConversionsEnd(): void {
  writeFileSync(join(bin, "go"), "");
}

test("a running conversion that is cancelled leaves a record and no MP3, and can be run again", async ({ expect }) => {
  const id = await stack.upload("cancelled.mp4", SAMPLE);
  await stack.viewWhen(id, ({ phase }) => phase === "converting");

  expect(await stack.request("DELETE", id)).toMatchObject({ status: 202, body: { id } });
  const cancelled = await stack.viewWhen(id, ({ status }) => status !== "running");

  expect(cancelled).toMatchObject({
    status: "cancelled",
    record: { status: "cancelled", error: { code: "Cancelled" } },
  });
  const names = await stack.namesIn("output");
  expect(names.filter((name) => name.startsWith("cancelled"))).toEqual(["cancelled.mp3.json"]);

  letConversionsEnd();
  expect(await stack.request("POST", `${id}/retry`)).toMatchObject({ status: 202, body: { status: "running" } });
  const again = await stack.viewWhen(id, ({ status }) => status === "succeeded");
  expect(again.record).toMatchObject({ status: "succeeded", attempts: 2, batch: { taskId: `${id}-2` } });
});

test("a video that is replaced while it is converted ends as superseded, and the newer MP3 is there", async ({
  expect,
}) => {
  const older = await stack.upload("replaced.mp4", SAMPLE);
  await stack.viewWhen(older, ({ phase }) => phase === "converting");

  letConversionsEnd();
  const newer = await stack.upload("replaced.mp4", SAMPLE);
  const record = await stack.recordOf("replaced.mp4", newer);

  expect(record.status).toBe("succeeded");
  // It may have noticed by itself.
  expect([202, 409]).toContain((await stack.request("DELETE", older)).status);
  expect(await stack.viewWhen(older, ({ status }) => status !== "running")).toMatchObject({
    status: "superseded",
    record: null,
  });
  expect(await stack.propertiesOf("replaced.mp3")).toMatchObject({ metadata: { conversionid: newer } });
});

test("a video that is deleted while it is converted, and cancelled, leaves a record", async ({ expect }) => {
  const id = await stack.upload("deleted.mp4", SAMPLE);
  await stack.viewWhen(id, ({ phase }) => phase === "converting");

  await stack.deleteInput("deleted.mp4");
  await stack.request("DELETE", id);

  expect(await stack.viewWhen(id, ({ status }) => status !== "running")).toMatchObject({
    record: { status: "cancelled" },
  });
});

/** The answer is checked against the OpenAPI document. */
function api<Body>(
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<Answer<Body>> {
  return callApi(stack.functionsUrl, method, path, { body, ...(headers !== undefined && { headers }) });
}

test("the list shows what runs, what failed and what succeeded, and leads to logs and results", async ({ expect }) => {
  const failed = await stack.upload("listed/text.mp4", Buffer.from("no video"));
  await stack.recordOf("listed/text.mp4", failed);
  const running = await stack.upload("listed/running.mp4", SAMPLE);
  await stack.viewWhen(running, ({ phase }) => phase === "converting");

  // The index is remembered for a second.
  await vi.waitFor(async () => {
    const { body: list } = await api<ConversionList>("GET", "conversions?prefix=listed/");
    expect(list.conversions).toMatchObject([
      { id: running, status: "running", phase: "converting", input: { name: "listed/running.mp4" } },
      { id: failed, status: "failed", error: { code: "UnreadableInput" }, sizeBytes: 8 },
    ]);
    expect(list.counts).toMatchObject({ running: 1, failed: 1, isComplete: true });
  }, PATIENCE);

  const log = await api<string>("GET", `conversions/${failed}/log`);
  expect(log.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(log.body).toContain("moov atom not found");
  expect((await api("GET", `conversions/${failed}/result`)).body).toMatchObject({ code: "NoResult" });
  expect((await api("GET", `conversions/${running}/result`)).body).toMatchObject({ code: "NoResult" });
  expect([200, 404]).toContain((await api("GET", `conversions/${running}/log`)).status);

  await api("DELETE", `conversions/${running}`);
  await stack.viewWhen(running, ({ status }) => status === "cancelled");
  letConversionsEnd();
  const filter = { prefix: "listed/", code: "Cancelled" };
  const { body: retried } = await api<RetriedConversions>("POST", "conversions/retry", filter);
  expect(retried).toEqual({ started: 1, ids: [running], refused: [], continuation: null });
  const again = await api<RetriedConversions>("POST", "conversions/retry", filter);
  expect(again.body.started).toBe(0);
  await stack.viewWhen(running, ({ status }) => status === "succeeded");

  await vi.waitFor(async () => {
    const { body: ended } = await api<ConversionList>("GET", "conversions?prefix=listed/&status=succeeded");
    expect(ended.conversions).toMatchObject([{ id: running, output: { name: "listed/running.mp3" }, error: null }]);
  }, PATIENCE);
  const redirect = await api("GET", `conversions/${running}/result?download=1`);
  expect(redirect.status).toBe(302);
  const result = await fetch(redirect.headers.get("location") ?? "");
  expect(result.headers.get("content-type")).toBe("audio/mpeg");
  expect(result.headers.get("content-disposition")).toContain('attachment; filename="running.mp3"');
  const { body: link } = await api<ResultLink>("GET", `conversions/${running}/result`, undefined, {
    accept: "application/json",
  });
  expect((await fetch(link.url)).headers.get("content-disposition")).toBeNull();
  expect((await fetch(link.url, { method: "DELETE" })).status).toBe(403);
  expect((await api("GET", `conversions/${running}/log`)).status).toBe(200);
  expect((await api("GET", "metrics")).status).toBe(200);
});

test("a ticket uploads one file in blocks, with its options, and nothing else", async ({ expect }) => {
  letConversionsEnd();
  const name = "hochgeladen/Käse & Brot #1.mp4";
  const request = { name, sizeBytes: SAMPLE.length, options: { bitrate: 64, mono: true } };
  const { status, body: ticket } = await api<UploadTicket>("POST", "uploads", request);
  expect(status).toBe(201);
  const url = new URL(ticket.url);
  expect(Object.fromEntries(url.searchParams)).toMatchObject({ sp: "cw", sr: "b" });

  const put = (query: string, body: BodyInit, headers = {}): Promise<Response> =>
    fetch(`${ticket.url}${query}`, { method: "PUT", body, headers });
  const middle = SAMPLE.length >> 1;
  const blocks = [SAMPLE.subarray(0, middle), SAMPLE.subarray(middle)];
  const blockIds = blocks.map((_, index) => Buffer.from(`block ${index}`).toString("base64"));
  for (const [index, block] of blocks.entries()) {
    const blockId = encodeURIComponent(blockIds[index] ?? "");
    expect((await put(`&comp=block&blockid=${blockId}`, new Uint8Array(block))).status).toBe(201);
  }
  const latest = blockIds.map((id) => `<Latest>${id}</Latest>`).join("");
  const commit = (): Promise<Response> =>
    put("&comp=blocklist", `<?xml version="1.0"?><BlockList>${latest}</BlockList>`, ticket.headers);
  const committed = await commit();
  expect([committed.status, committed.headers.get("etag")]).toEqual([201, expect.any(String)]);
  expect(await stack.metadataOfInput(name)).toEqual({ mp3drop_bitrate: "64", mp3drop_mono: "true" });
  const eTag = normalizeETag(committed.headers.get("etag") ?? "");
  const id = conversionIdOf("mp3", { container: ticket.container, name, eTag });
  expect(await stack.recordOf(name, id)).toMatchObject({ status: "succeeded", options: { bitrate: 64, mono: true } });

  expect([409, 412]).toContain((await commit()).status);
  const other = ticket.url.replace("Brot", "Butter");
  const headers = { ...ticket.headers, "x-ms-blob-type": "BlockBlob" };
  expect((await fetch(other, { method: "PUT", body: "x", headers })).status).toBe(403);
  expect((await fetch(ticket.url)).status).toBe(403);
  expect((await api("POST", "uploads", request)).body).toMatchObject({ status: 409, code: "UploadExists" });
  expect((await api("POST", "uploads", { ...request, overwrite: true })).status).toBe(201);
});

test.for([
  [{ name: "a/../b.mp4" }, "BadName", /ends with a dot/],
  [{ name: "a\\b.mp4" }, "BadName", /backslash/],
  [{ name: "a\u0007.mp4" }, "BadName", /control character/],
  [{ name: `${"x".repeat(2_000)}.mp4` }, "BadName", /2004 characters/],
  [{ name: "/a.mp4" }, "BadName", /begins or ends with/],
  [{ name: "folder./a.mp4" }, "BadName", /ends with a dot/],
  [{}, "BadName", /name is missing/],
  [{ name: "a.txt" }, "NameNotTaken", /MP4 videos \(\.mp4\)/],
  [{ name: "a.mp4", sizeBytes: 0 }, "BadRequest", /sizeBytes must be/],
  [{ name: "a.mp4", options: { bitrate: 12 } }, "BadOptions", /mp3drop_bitrate must be one of/],
  [{ name: "a.mp4", options: { bitrat: 64 } }, "BadOptions", /did you mean bitrate/],
  [{ name: "a.mp4", options: [] }, "BadRequest", /options must be a JSON object/],
  [{ name: "a.mp4", size: 1 }, "BadRequest", /a member "size"/],
  ["{", "BadRequest", /is not JSON/],
  ["[1]", "BadRequest", /JSON object/],
] as const)("a request to upload %j is refused: %s", async ([body, code, detail], { expect }) => {
  const request = typeof body === "string" ? body : { sizeBytes: 1, ...body };
  const answer = await api("POST", "uploads", request);

  expect(answer.body).toMatchObject({ status: 400, code, detail: expect.stringMatching(detail) as string });
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
});

test.for([
  ["status=done", "status must be one or several of running, succeeded, failed, cancelled"],
  ["limit=0", "limit must be a whole number from 1 to 200"],
  ["limit=1e9", "limit must be a whole number from 1 to 200"],
  ["since=yesterday", "since must be a date such as"],
  ["code=no%20code", "code must be the code of a failure"],
  ["continuation=abc", "continuation must be one that an answer before has given"],
] as const)("a list with the filter %s is refused, with what is allowed", async ([query, detail], { expect }) => {
  expect((await api("GET", `conversions?${query}`)).body).toMatchObject({
    status: 400,
    code: "BadFilter",
    detail: expect.stringContaining(detail) as string,
  });
});

test.for([
  ["GET", "conversions/0123456789abcdef0123456789abcdef", 404, "ConversionNotFound"],
  ["GET", "conversions/nonsense/log", 404, "ConversionNotFound"],
  ["GET", "conversions/0123456789abcdef0123456789abcdef/result", 404, "ConversionNotFound"],
  ["POST", "conversions/0123456789abcdef0123456789abcdef/retry", 404, "ConversionNotFound"],
  ["DELETE", "conversions/0123456789abcdef0123456789abcdef", 404, "ConversionNotFound"],
  ["POST", "conversions/retry", 400, "BadRequest"],
] as const)("%s %s answers %i, %s", async ([method, path, status, code], { expect }) => {
  const body = method === "POST" && path.endsWith("s/retry") ? { id: "x" } : undefined;
  expect((await api(method, path, body)).body).toMatchObject({ status, code });
});

test("the document of the API is served as the tests know it", async ({ expect }) => {
  const { body } = await api<{ openapi: string }>("GET", "openapi.json");

  expect(body.openapi).toBe("3.1.0");
  expect(JSON.stringify(body)).toContain("one of 64, 96, 128, 160, 192, 256, 320");
});

test("from the command line a video is listed, cancelled, converted after all, and cleaned away with job and pool", async ({
  expect,
}) => {
  await expect.poll(cancelWhatRuns).toEqual([]);
  const failing = await stack.upload("broken.mp4", Buffer.from("no video"));
  await stack.viewWhen(failing, ({ status }) => status === "failed");
  const id = await stack.upload("managed.mp4", SAMPLE);
  await stack.viewWhen(id, ({ phase }) => phase === "converting");

  expect((await mp3drop("list", "--prefix", "managed")).stdout).toMatch(
    new RegExp(`^… converting .*${id}  managed.mp4`),
  );
  expect((await mp3drop("status", "some/folder/managed.mp4")).stdout).toContain("status     converting");
  expect((await mp3drop("log", "broken.mp4")).stdout).toContain("Invalid data found");
  expect(await mp3drop("clean", "--only", "job,pool", "--yes")).toMatchObject({ exitCode: 1, stdout: "" });
  expect(await mp3drop("cancel", "managed.mp4")).toMatchObject({ exitCode: 0 });
  await stack.viewWhen(id, ({ status }) => status === "cancelled");
  expect(await mp3drop("cancel", id)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("ConversionEnded"),
  });

  letConversionsEnd();
  expect(await mp3drop("retry", id)).toMatchObject({ exitCode: 0, stdout: `${id}: is being tried again\n` });
  await stack.viewWhen(id, ({ status }) => status === "succeeded");
  const again = await mp3drop("retry", "--failed", "--code", "UnreadableInput", "--prefix", "broken", "--json");
  expect(JSON.parse(again.stdout)).toMatchObject({ conversions: [{ id: failing, outcome: "started" }] });
  await stack.viewWhen(failing, ({ status, attempt }) => status === "failed" && attempt === 2);
  expect((await mp3drop("list", "--prefix", "broken", "--status", "succeeded")).stdout).toBe("");

  const cleaned = await mp3drop("clean", "--yes", "--json");
  expect(cleaned.exitCode).toBe(0);
  expect(JSON.parse(cleaned.stdout)).toMatchObject({
    inputs: { deleted: expect.arrayContaining(["managed.mp4"]), kept: [] },
    jobs: { deleted: ["mp3drop"] },
    pool: { deleted: "mp3drop" },
  });
  const names = await stack.namesIn("input");
  expect(names).toContain("broken.mp4");
  expect(names).not.toContain("managed.mp4");
  expect(await stack.namesIn("output")).toContain("managed.mp3");
});

/** What other tests have left would keep job and pool. Returns what still runs. */
async function cancelWhatRuns(): Promise<string[]> {
  const { stdout } = await mp3drop("list", "--status", "running", "--json");
  const ids = (JSON.parse(stdout) as ConversionList).conversions.map((conversion) => conversion.id);
  if (ids.length > 0) await mp3drop("cancel", ...ids);
  return ids;
}

/** A command of mp3drop, for this stack. */
async function mp3drop(name: string, ...args: readonly string[]) {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  const { output, stdout, stderr } = recordedOutput();
  const context = { output, env: process.env, folder: bin, signal: new AbortController().signal };
  const exitCode = await command?.run([...args, "--data", stack.data], context);
  return { exitCode, stdout: stdout(), stderr: stderr() };
}
