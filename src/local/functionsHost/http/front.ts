import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { hasKey } from "./keys.ts";
import type { HttpContext } from "./httpContext.ts";

interface FrontParts {
  readonly durableApi: Hono;
  readonly systemKey: () => string;
  readonly blobEvents: (c: HttpContext) => Promise<Response>;
  readonly httpTriggers: (c: HttpContext) => Promise<Response>;
}

type App = Hono<{ Bindings: HttpBindings }>;

/** What the host shows to the world: the webhooks of extensions and the app's own HTTP functions. */
export function createFront({ durableApi, systemKey, blobEvents, httpTriggers }: FrontParts): App {
  const front: App = new Hono({ strict: false });
  front.get("/admin/host/status", (c) => c.json({ state: "Running" }));
  front.use("/runtime/webhooks/durabletask/*", async (c, next) => {
    if (!hasKey(c, [systemKey()])) return c.body(null, 401);
    return next();
  });
  front.route("/runtime/webhooks/durabletask", durableApi);
  front.all("/runtime/webhooks/blobs", (c) => blobEvents(c));
  front.all("*", (c) => httpTriggers(c));
  return front;
}

/** What the SDK in this process uses, without keys. */
export function createRpc(durableApi: Hono): App {
  const rpc: App = new Hono({ strict: false });
  rpc.route("/durabletask", durableApi);
  return rpc;
}
