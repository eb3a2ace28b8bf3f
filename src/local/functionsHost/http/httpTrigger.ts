import { HTTPException } from "hono/http-exception";
import { errorText } from "../../kit/errorText.ts";
import type { Logger } from "../log.ts";
import type { RegisteredFunction } from "../worker/coreModule.ts";
import type { RpcHttpRequest, RpcTypedData } from "../worker/rpc.ts";
import type { Worker } from "../worker/worker.ts";
import { limitedBody } from "./bodyLimit.ts";
import type { HttpContext } from "./httpContext.ts";
import { isAllowed } from "./keys.ts";
import type { HostKeys } from "./keys.ts";
import { toHttpResponse } from "./httpResponse.ts";
import { handToLibrary } from "./httpStream.ts";
import { parseRoute } from "./route.ts";
import type { Route } from "./route.ts";

interface HttpTriggerOptions {
  readonly worker: Worker;
  readonly functions: readonly RegisteredFunction[];
  readonly routePrefix: string;
  readonly extraInputs: () => Readonly<Record<string, RpcTypedData>>;
  readonly keys: HostKeys;
  readonly maxBodyBytes: number;
  readonly log: Logger;
}

interface HttpFunction {
  readonly fn: RegisteredFunction;
  readonly route: Route;
  readonly methods: readonly string[];
  readonly authLevel: string;
}

/**
 * Answers requests for the HTTP functions of the app, and 404 to all others. Where several routes fit, the function whose
 * name comes first in the alphabet has the request, however exact its route is, as on Azure:
 * https://github.com/Azure/azure-functions-host/issues/9876
 *
 * On Azure, `/` shows a page of the host unless a function takes it. Here it leads to the app's own page, if it has one;
 * where it has none, a line stands for the host's.
 */
export function createHttpTriggers(options: HttpTriggerOptions): (c: HttpContext) => Promise<Response> {
  const functions = options.functions
    .filter((fn) => fn.trigger.type === "httpTrigger")
    .map((fn) => readHttpFunction(fn, options.routePrefix))
    .toSorted((a, b) => (sortKey(a.fn) < sortKey(b.fn) ? -1 : 1));

  function find(method: string, path: string): (HttpFunction & { parameters: Record<string, string> }) | undefined {
    for (const found of functions) {
      const parameters = found.methods.includes(method) ? found.route.match(path) : undefined;
      if (parameters !== undefined) return { ...found, parameters };
    }
    return undefined;
  }

  return async (c) => {
    const { pathname } = new URL(c.req.url);
    const found = find(c.req.method, pathname);
    if (found === undefined) {
      const ownPage = `/${options.routePrefix}/`;
      const isStart = pathname === "/" && find(c.req.method, ownPage) !== undefined;
      if (isStart) return c.redirect(ownPage);
      return pathname === "/" && c.req.method === "GET" ? c.text(GREETING) : c.body(null, 404);
    }
    if (!isAllowed(c, found.authLevel, options.keys)) return c.body(null, 401);
    return invoke(c, found.fn, found.parameters, options);
  };
}

const GREETING = "The function app is up and running.\n";

/** Upper case: between the two cases there are signs that a name may have. */
function sortKey({ name }: RegisteredFunction): string {
  return name.toUpperCase();
}

function readHttpFunction(fn: RegisteredFunction, routePrefix: string): HttpFunction {
  const { route, methods, authLevel } = fn.trigger as { route?: string; methods?: string[]; authLevel?: string };
  return {
    fn,
    route: parseRoute(`${routePrefix}/${route ?? fn.name}`, fn.name),
    methods: (methods ?? ["GET", "POST"]).map((method) => method.toUpperCase()),
    authLevel: (authLevel ?? "anonymous").toLowerCase(),
  };
}

async function invoke(
  c: HttpContext,
  fn: RegisteredFunction,
  parameters: Record<string, string>,
  { worker, extraInputs, maxBodyBytes, log }: HttpTriggerOptions,
): Promise<Response> {
  try {
    const { streams } = worker;
    if (streams !== undefined) {
      return await handToLibrary(c, worker, streams, fn, parameters, extraInputs(), maxBodyBytes);
    }
    const input = { http: await readRequest(c, parameters, maxBodyBytes) };
    const { response } = await worker.invoke({ fn, input, extraInputs: extraInputs() });
    return toHttpResponse(response.returnValue?.http);
  } catch (error) {
    if (error instanceof HTTPException) throw error;
    log.write("error", `Function.${fn.name}`, errorText(error));
    return c.body(null, 500);
  }
}

/** As on the real host, a body comes through only if its length is declared; any other is dropped as it arrives. */
async function readRequest(
  c: HttpContext,
  parameters: Record<string, string>,
  maxBodyBytes: number,
): Promise<RpcHttpRequest> {
  const url = new URL(c.req.url);
  const hasBody = Number(c.req.header("content-length") ?? 0) > 0;
  if (!hasBody) for await (const _ of limitedBody(c.env.incoming, maxBodyBytes)) continue;
  const query = Object.fromEntries(
    [...url.searchParams.keys()].map((key) => [key, url.searchParams.getAll(key).join(",")]),
  );
  return {
    url: c.req.url,
    method: c.req.method,
    nullableHeaders: nullable(c.req.header()),
    nullableQuery: nullable(query),
    nullableParams: nullable(parameters),
    ...(hasBody ? { body: { bytes: new Uint8Array(await c.req.arrayBuffer()) } } : {}),
  };
}

function nullable(values: Readonly<Record<string, string>>): Record<string, { value: string }> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { value }]));
}
