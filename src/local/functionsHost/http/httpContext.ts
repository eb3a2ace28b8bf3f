import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";

/** A request to the host, with Node's own request underneath. */
export type HttpContext = Context<{ Bindings: HttpBindings }>;
