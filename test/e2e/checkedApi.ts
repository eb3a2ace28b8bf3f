import { Ajv2020 } from "ajv/dist/2020.js";
import { openApiFor } from "../../src/functions/http/openApi.ts";
import { WORKLOADS } from "../../src/workloads/index.ts";

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, Content>>;
}

/** What an endpoint has answered. */
export interface Answer<Body = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

const document = openApiFor(WORKLOADS) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};
// The formats are for people; times are checked where they matter.
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(document, "api");

/** Calls the HTTP API, and throws where an answer is not what the OpenAPI document says. */
export async function callApi<Body = unknown>(
  functionsUrl: string,
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer<Body>> {
  const url = new URL(`/api/${path}`, functionsUrl);
  const response = await fetch(url, {
    method,
    headers,
    redirect: "manual",
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const type = (response.headers.get("content-type") ?? "").split(";")[0] ?? "";
  const read: unknown = type.endsWith("json") ? JSON.parse(text) : text;
  const what = `${method} ${path} answers ${response.status}`;
  const [template, item] = findPath(url.pathname.slice("/api".length));
  const described = item[method.toLowerCase()]?.responses[response.status];
  if (described === undefined) throw new Error(`${what}, which ${template} does not describe: ${text}`);
  if (response.headers.get("x-content-type-options") !== "nosniff") throw new Error(`${what} without nosniff`);
  if (response.headers.get("cache-control") !== "no-store") throw new Error(`${what} without no-store`);
  const types = Object.keys(described.content ?? {});
  if (types.length === 0 ? text !== "" : !types.includes(type)) throw new Error(`${what} as ${type}`);
  if (types.length > 0) {
    const pointer = ["paths", template, method.toLowerCase(), "responses", String(response.status), "content", type];
    const schema = `api#/${pointer.map((part) => encodeURIComponent(part.replaceAll("/", "~1"))).join("/")}/schema`;
    if (ajv.validate({ $ref: schema }, read) !== true) throw new Error(`${what}: ${ajv.errorsText()} in ${text}`);
  }
  return { status: response.status, headers: response.headers, body: read as Body };
}

/** The path of the document that fits best: one without a placeholder, if there is one. */
function findPath(path: string): readonly [string, Readonly<Record<string, Operation>>] {
  const fits = (template: string): boolean => new RegExp(`^${template.replace(/\{\w+\}/g, "[^/]+")}$`).test(path);
  const found = Object.entries(document.paths)
    .filter(([template]) => fits(template))
    .toSorted(([one], [other]) => one.split("{").length - other.split("{").length)[0];
  if (found === undefined) throw new Error(`The document has no path for ${path}`);
  return found;
}
