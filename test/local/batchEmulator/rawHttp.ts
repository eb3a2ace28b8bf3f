import { createHmac } from "node:crypto";
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { BatchEmulator } from "../../../src/local/batchEmulator/index.ts";

interface RawAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of a signature. */
  readonly authorization?: string | null;
  readonly date?: string;
}

const VERSION = "api-version=2022-10-01.16.0";

/** A client of a few lines that signs by the documented rule, to see on the wire what the shipped client hides. */
export function raw(emulator: BatchEmulator, options: RawRequest): Promise<RawAnswer> {
  const { method = "GET", headers = {}, authorization } = options;
  const path = options.path.includes("api-version") ? options.path : withVersion(options.path);
  const body = typeof options.body === "object" ? JSON.stringify(options.body) : (options.body ?? "");
  const sent: Record<string, string> = {
    "ocp-date": options.date ?? new Date().toUTCString(),
    "content-type": "application/json; odata=minimalmetadata; charset=utf-8",
    ...headers,
  };
  if (body !== "" || method === "POST") sent["content-length"] = String(Buffer.byteLength(body));
  if (authorization !== null) sent["authorization"] = authorization ?? sign(emulator, method, path, sent);
  return send(`${emulator.endpoint}${path}`, method, sent, body);
}

function withVersion(path: string): string {
  return `${path}${path.includes("?") ? "&" : "?"}${VERSION}`;
}

function sign(emulator: BatchEmulator, method: string, path: string, headers: Record<string, string>): string {
  const [resource = "", query = ""] = path.split("?");
  const ocp = Object.keys(headers)
    .filter((name) => name.startsWith("ocp-"))
    .sort();
  const parameters = query
    .split("&")
    .filter((part) => part !== "")
    .map((part) => part.split("=").map(decodeURIComponent).join(":"))
    .sort();
  const named = (name: string): string => headers[name] ?? "";
  const text = [
    method,
    "",
    "",
    named("content-length"),
    "",
    named("content-type"),
    "",
    named("if-modified-since"),
    named("if-match"),
    named("if-none-match"),
    named("if-unmodified-since"),
    "",
    ...ocp.map((name) => `${name}:${named(name)}`),
    [`/${emulator.accountName}${resource}`, ...parameters].join("\n"),
  ].join("\n");
  const key = Buffer.from(emulator.accountKey, "base64");
  return `SharedKey ${emulator.accountName}:${createHmac("sha256", key).update(text).digest("base64")}`;
}

function send(url: string, method: string, headers: Record<string, string>, body: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const json = text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {};
        const { statusCode = 0, statusMessage = "" } = response;
        resolve({ status: statusCode, reason: statusMessage, headers: response.headers, text, json });
      });
    });
    call.on("error", reject);
    call.end(body);
  });
}
