import type { Context, Hono } from "hono";
import { parseEntityId } from "../durable/entityTurn.ts";
import type { Entity } from "../durable/hubState.ts";
import type { TaskHub } from "../durable/taskHub.ts";
import { entityId } from "../engine/instance.ts";
import { readFlag, readJson, readText, refuse, saysJson } from "./durableAnswers.ts";
import { readPageSize, readTime } from "./instanceQuery.ts";

/** https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-http-api#get-entity */
export function addEntityApi(api: Hono, hub: TaskHub): void {
  api.get("/entities/:name/:key", (c) => {
    const entity = hub.state.entities.get(idOf(c));
    if (entity?.exists !== true) return c.body(null, 404);
    return c.body(entity.state ?? "null", 200, { "content-type": "application/json" });
  });

  api.post("/entities/:name/:key", async (c) => {
    const input = saysJson(c) ? await readJson(c) : JSON.stringify(await readText(c));
    if (input === undefined) return refuse(c, "Could not parse JSON content");
    return signal(hub, c, c.req.query("op") ?? "", input === "" ? null : input);
  });

  api.delete("/entities/:name/:key", (c) => signal(hub, c, "delete", null));

  api.get("/entities", (c) => list(hub, c, undefined));
  api.get("/entities/:name", (c) => list(hub, c, c.req.param("name").toLowerCase()));
}

function idOf(c: Context): string {
  return entityId(c.req.param() as { name: string; key: string });
}

function signal(hub: TaskHub, c: Context, operation: string, input: string | null): Response {
  const { name } = c.req.param() as { name: string };
  if (!hub.runner.has("entity", name)) {
    return refuse(c, hub.runner.whyMissing("entity", name));
  }
  const message = { type: "operation", id: hub.newInstanceId(), operation, input, isSignal: true } as const;
  hub.deliver({ to: idOf(c), message });
  return c.body(null, 202);
}

/** In the order of ids, a page at a time; the token names the last id of its page. */
function list(hub: TaskHub, c: Context, name: string | undefined): Response {
  const from = readTime(c.req.query("lastOperationTimeFrom")) ?? 0;
  const to = readTime(c.req.query("lastOperationTimeTo")) ?? Number.MAX_SAFE_INTEGER;
  const token = c.req.header("x-ms-continuation-token") ?? "";
  const after = Buffer.from(token, "base64url").toString("utf8");
  const matching = [...hub.state.entities.values()]
    .filter((entity) => entity.exists && entity.id > after && (name === undefined || entity.id.startsWith(`@${name}@`)))
    .filter(
      ({ updatedAt }) => updatedAt === undefined || (Date.parse(updatedAt) >= from && Date.parse(updatedAt) <= to),
    )
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const page = matching.slice(0, Math.max(0, readPageSize(c.req.query("top"))));
  const last = page.length < matching.length ? page.at(-1) : undefined;
  c.header("x-ms-continuation-token", last === undefined ? "" : Buffer.from(last.id).toString("base64url"));
  return c.json(page.map((entity) => view(entity, readFlag(c, "fetchState") === true)));
}

function view({ id, state, updatedAt }: Entity, showsState: boolean): object {
  return {
    entityId: parseEntityId(id),
    lastOperationTime: updatedAt ?? null,
    state: showsState && state !== null ? (JSON.parse(state) as unknown) : null,
  };
}
