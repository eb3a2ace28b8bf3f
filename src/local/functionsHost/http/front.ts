import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { errorText } from "../../kit/errorText.ts";
import { UserError } from "../../kit/userError.ts";
import type { Logger } from "../log.ts";
import { limitWholeBody, refuseLongBodies } from "./bodyLimit.ts";
import { ownPath } from "./ownPath.ts";
import { hasKey } from "./keys.ts";
import type { HttpContext } from "./httpContext.ts";

interface FrontParts {
  readonly durableApi: Hono;
  readonly adminApi: Hono;
  readonly systemKey: () => string;
  readonly blobEvents: (c: HttpContext) => Promise<Response>;
  readonly httpTriggers: (c: HttpContext) => Promise<Response>;
  readonly maxBodyBytes: number;
  /** Other origins whose pages may use the host; those that are not here do not get this far. */
  readonly corsOrigins: readonly string[];
  readonly log: Logger;
}

type App = Hono<{ Bindings: HttpBindings }>;

/** What the host shows to the world: the webhooks of extensions and the app's own HTTP functions. */
export function createFront(parts: FrontParts): App {
  const { durableApi, adminApi, systemKey, blobEvents, httpTriggers, maxBodyBytes, corsOrigins, log } = parts;
  const front = createApp(log);
  const allowCors = cors({ origin: [...corsOrigins] });
  front.use(async (c, next) => (corsOrigins.includes(c.req.header("origin") ?? "") ? allowCors(c, next) : next()));
  front.use(refuseLongBodies(maxBodyBytes));
  front.route("/admin", adminApi);
  front.use("/runtime/webhooks/durabletask/*", async (c, next) => {
    if (!hasKey(c, [systemKey()])) return c.body(null, 401);
    return next();
  });
  front.use("/runtime/webhooks/*", limitWholeBody(maxBodyBytes));
  front.route("/runtime/webhooks/durabletask", durableApi);
  front.all("/runtime/webhooks/blobs", (c) => blobEvents(c));
  front.all("*", (c) => httpTriggers(c));
  return front;
}

/** What the SDK in this process uses. It sends no key, so a path that only it knows keeps everybody else out. */
export function createRpc(durableApi: Hono, secretPath: string, log: Logger): App {
  const rpc = createApp(log);
  rpc.route(secretPath, durableApi);
  return rpc;
}

function createApp(log: Logger): App {
  const app: App = new Hono({ getPath: ownPath });
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    // That the state cannot be saved is reported once, by the host's `onFailure`.
    if (!(error instanceof UserError && error.code === "StateNotSaved")) {
      const text = error instanceof UserError ? error.message : errorText(error);
      log.write("error", "Host", `${c.req.method} ${c.req.path}: ${text}`);
    }
    return c.body(null, 500);
  });
  return app;
}
