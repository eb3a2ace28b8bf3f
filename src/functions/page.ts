import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { app } from "@azure/functions";
import { services } from "../azure/azureServices.ts";
import type { PageSettings } from "../model/pageSettings.ts";
import { problem } from "./http/answers.ts";
import { readPageFiles } from "./http/pageFiles.ts";
import type { PageFile } from "./http/pageFiles.ts";

/**
 * The page for people. It takes the empty path below the prefix and one folder, so that no route of the API overlaps:
 * among routes that fit, the host would go by the names of the functions. The files hold nothing to protect: what the page
 * shows it asks of the API, with the key of whoever uses it.
 */
app.http("page", {
  route: "{none:maxlength(0)?}",
  methods: ["GET"],
  authLevel: "anonymous",
  handler: (request) => answer(request, "index.html"),
});

app.http("pageFile", {
  route: "page/{file}",
  methods: ["GET"],
  authLevel: "anonymous",
  handler: (request) => answer(request, request.params["file"] ?? ""),
});

const FILES = readPageFiles(new URL("../page/", import.meta.url));

function answer(request: HttpRequest, name: string): HttpResponseInit {
  const { pathname, search } = new URL(request.url);
  // The addresses in the page are relative.
  if (name === "index.html" && !pathname.endsWith("/")) {
    return { status: 308, headers: { location: `${pathname}/${search}` } };
  }
  if (name === "settings.json") return { headers: headersOf("no-store"), jsonBody: settings() };
  const file = FILES.get(name);
  if (file === undefined) return problem(404, "NoSuchFile", `The page has no file "${name}"`);
  return request.headers.get("if-none-match") === file.eTag
    ? { status: 304, headers: { ...headersOf("no-cache"), etag: file.eTag } }
    : { headers: fileHeaders(file), body: file.content };
}

function settings(): PageSettings {
  const workloads = services().config.workloads.map(({ takes, suffixes, options }) => ({
    takes,
    suffixes,
    options: (options?.table ?? []).map(({ name, about, allowed, choices = null, fallback }) => {
      return { name, about, allowed, choices, fallback };
    }),
  }));
  return { workloads };
}

function fileHeaders({ mediaType, eTag }: PageFile): Record<string, string> {
  return { ...headersOf("no-cache"), "content-type": mediaType, etag: eTag };
}

/**
 * Scripts, styles and requests are those of the app itself; only videos go to storage, and results come from there.
 * https://www.w3.org/TR/CSP3/
 */
function headersOf(cacheControl: string): Record<string, string> {
  const { blobs, config } = services();
  const storage = new URL(blobs.containerUrl(config.containers.input)).origin;
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${storage}`,
    `media-src ${storage}`,
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return {
    "cache-control": cacheControl,
    "content-security-policy": policy.join("; "),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
}
