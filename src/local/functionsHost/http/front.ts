import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { errorText } from "../../kit/errorText.ts";
import { UserError } from "../../kit/userError.ts";
import type { Logger } from "../log.ts";
import { hasKey } from "./keys.ts";
import type { HttpContext } from "./httpContext.ts";

interface FrontParts {
  readonly durableApi: Hono;
  readonly systemKey: () => string;
  readonly blobEvents: (c: HttpContext) => Promise<Response>;
  readonly httpTriggers: (c: HttpContext) => Promise<Response>;
  readonly log: Logger;
}

type App = Hono<{ Bindings: HttpBindings }>;

/** What the host shows to the world: the webhooks of extensions and the app's own HTTP functions. */
export function createFront({ durableApi, systemKey, blobEvents, httpTriggers, log }: FrontParts): App {
  const front = createApp(log);
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
export function createRpc(durableApi: Hono, log: Logger): App {
  const rpc = createApp(log);
  rpc.route("/durabletask", durableApi);
  return rpc;
}

function createApp(log: Logger): App {
  const app: App = new Hono({ strict: false });
  app.onError((error, c) => {
    // A UserError says that the state cannot be saved, and the host's `onFailure` reports that once.
    if (!(error instanceof UserError)) log.write("error", "Host", `${c.req.method} ${c.req.path}: ${errorText(error)}`);
    return c.body(null, 500);
  });
  return app;
}
