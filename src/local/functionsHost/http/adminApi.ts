import { Hono } from "hono";
import type { Context } from "hono";
import * as v from "valibot";
import { errorText } from "../../kit/errorText.ts";
import type { Logger } from "../log.ts";
import type { RegisteredFunction } from "../worker/coreModule.ts";
import { saysJson } from "./durableAnswers.ts";
import { areKeysConfigured, hasKey } from "./keys.ts";
import type { HostKeys } from "./keys.ts";

interface AdminApiOptions {
  readonly functions: readonly RegisteredFunction[];
  /** Runs a function by hand; undefined if this host cannot run functions of its kind so. */
  readonly run: (fn: RegisteredFunction, input: string) => Promise<void> | undefined;
  readonly keys: HostKeys;
  readonly log: Logger;
}

const Body = v.pipe(v.string(), v.parseJson(), v.object({ input: v.optional(v.unknown()) }));

/** https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http */
export function createAdminApi({ functions, run, keys, log }: AdminApiOptions): Hono {
  const api = new Hono();
  api.get("/host/status", (c) => c.json({ state: "Running" }));
  api.get("/warmup", (c) => c.body(null, 200));
  api.post("/functions/:name", async (c) => {
    if (areKeysConfigured(keys) && !hasKey(c, [keys.masterKey])) return c.body(null, 401);
    if (!saysJson(c)) return c.body(null, 415);
    const body = v.safeParse(Body, await c.req.text());
    if (!body.success) return c.body(null, 400);
    return answer(c, body.output.input);
  });
  return api;

  /** The answer does not wait for the function, nor say what became of it. */
  function answer(c: Context, input: unknown): Response {
    const name = c.req.param("name")?.toLowerCase();
    const fn = functions.find((other) => other.name.toLowerCase() === name);
    if (fn === undefined) return c.body(null, 404);
    const running = run(fn, typeof input === "string" ? input : JSON.stringify(input ?? ""));
    if (running === undefined) {
      return c.text(`The embedded host does not run functions with a ${fn.trigger.type} by hand`, 501);
    }
    running.catch((error: unknown) => log.write("error", `Function.${fn.name}`, errorText(error)));
    return c.body(null, 202);
  }
}
