import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import type { Context, MiddlewareHandler } from "hono";
import { isFinished } from "../engine/instance.ts";
import type { Instance } from "../engine/instance.ts";
import type { InstanceSummary } from "../durable/instances.ts";
import { entityId } from "../durable/entityTurn.ts";
import type { HubFaults, UnreachableStatus } from "../durable/hubFaults.ts";
import type { TaskHub } from "../durable/taskHub.ts";
import { viewInstance } from "./instanceView.ts";
import { findInstances, readFilter } from "./instanceQuery.ts";
import { managementUrls } from "./managementUrls.ts";
import type { HubAddress } from "./managementUrls.ts";

/** https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-bindings#instance-id-values */
const BAD_ID = /[/\\#?\p{Cc}]/u;
const START_RETRY_AFTER_SECONDS = 10;
const STATUS_RETRY_AFTER_SECONDS = 5;

/**
 * The HTTP API of the Durable extension, which both the SDK and the management links use.
 * https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-http-api
 */
export function createDurableApi(hub: TaskHub, address: () => HubAddress, faults: HubFaults = {}): Hono {
  const api = new Hono({ strict: false });
  if (faults.unreachableStatus !== undefined) api.get("/instances/:id", hideStatus(hub, faults.unreachableStatus));

  const start = async (c: Context): Promise<Response> => {
    const { name = "", id = hub.newInstanceId() } = c.req.param() as { name?: string; id?: string };
    const input = await readJson(c);
    if (input === undefined) return c.text("Invalid JSON content", 400);
    if (id.startsWith("@") || BAD_ID.test(id)) {
      return c.text(
        `Instance ids must not start with @ or contain / \\ # ? or control characters, as "${id}" does`,
        400,
      );
    }
    if (!hub.runner.has("orchestrator", name)) {
      const message = `The function '${name}' doesn't exist, is disabled, or is not an orchestrator function. Correct the name, or register it with df.app.orchestration.`;
      return c.text(message, 400);
    }
    const existing = hub.state.instances.summary(id);
    if (existing !== undefined && !isFinished(existing)) {
      return c.text(`An instance with the id ${id} already exists and is ${existing.status}`, 409);
    }
    hub.startInstance(id, name, input, c.req.query("version") ?? "");
    const finished = await waitForEnd(hub, id, Number(c.req.query("timeout") ?? 0));
    if (finished !== undefined) return answerOf(c, finished);
    return c.json({ id, ...links(address(), id) }, 202, locate(address(), id, START_RETRY_AFTER_SECONDS));
  };
  api.post("/orchestrators/:name", start);
  api.post("/orchestrators/:name/:id", start);

  api.get("/instances", (c) => {
    const filter = readFilter(c.req.query());
    if (typeof filter === "string") return c.text(filter, 400);
    const { instances } = hub.state;
    const page = findInstances(instances.summaries(), filter, c.req.header("x-ms-continuation-token") ?? "");
    c.header("x-ms-continuation-token", page.continuationToken);
    const found = page.instances.flatMap(({ id }) => instances.find(id) ?? []);
    return c.json(found.map((instance) => viewInstance(instance, viewOptions(c))));
  });

  api.get("/instances/:id", (c) =>
    withWholeInstance(hub, c, (instance) => {
      const body = viewInstance(instance, viewOptions(c));
      if (!isFinished(instance)) return c.json(body, 202, locate(address(), instance.id, STATUS_RETRY_AFTER_SECONDS));
      const isError = instance.status === "Failed" && c.req.query("returnInternalServerErrorOnFailure") === "true";
      return c.json(body, isError ? 500 : 200);
    }),
  );

  api.post("/instances/:id/raiseEvent/:event", async (c) => {
    const input = await readJson(c);
    if (input === undefined || input === "") return c.text("Invalid JSON content", 400);
    return withLiveInstance(hub, c, ({ id }) => {
      hub.deliver({ to: id, message: { type: "event", name: c.req.param("event"), input } });
      return c.body(null, 202);
    });
  });

  for (const type of ["terminate", "suspend", "resume"] as const) {
    api.post(`/instances/:id/${type}`, (c) =>
      withLiveInstance(hub, c, ({ id }) => {
        hub.deliver({ to: id, message: { type, reason: c.req.query("reason") ?? "" } });
        return c.body(null, 202);
      }),
    );
  }

  api.post("/instances/:id/rewind", (c) =>
    withInstance(hub, c, (instance) => {
      if (instance.status !== "Failed") {
        return c.text("The rewind operation is only supported on failed orchestration instances.", 412);
      }
      return c.text("The embedded host does not rewind instances. Start a new one with the same input (restart).", 501);
    }),
  );

  api.post("/instances/:id/restart", (c) =>
    withWholeInstance(hub, c, ({ id, name, input, version, status }) => {
      const isNew = c.req.query("restartWithNewInstanceId") !== "false";
      if (!isNew && !isFinished({ status })) return c.text(`The instance ${id} is ${status}`, 409);
      const newId = isNew ? hub.newInstanceId() : id;
      hub.startInstance(newId, name, input, version);
      return c.json(
        { id: newId, ...links(address(), newId) },
        202,
        locate(address(), newId, START_RETRY_AFTER_SECONDS),
      );
    }),
  );

  api.delete("/instances/:id", (c) =>
    withInstance(hub, c, ({ id, status }) => {
      if (!isFinished({ status })) {
        return c.text(`The instance ${id} is ${status}: only finished instances can be purged`, 412);
      }
      hub.purge([id]);
      return c.json({ instancesDeleted: 1 });
    }),
  );

  api.delete("/instances", (c) => {
    const filter = readFilter(c.req.query());
    if (typeof filter === "string") return c.text(filter, 400);
    if (filter.createdTimeFrom === undefined) return c.text("Please provide a value for createdTimeFrom", 400);
    const { instances } = findInstances(
      hub.state.instances.summaries(),
      { ...filter, top: Number.MAX_SAFE_INTEGER },
      "",
    );
    const finished = instances.filter(isFinished);
    if (finished.length === 0) return c.body(null, 404);
    hub.purge(finished.map(({ id }) => id));
    return c.json({ instancesDeleted: finished.length });
  });

  api.get("/entities/:name/:key", (c) => {
    const entity = hub.state.entities.get(entityId(c.req.param("name"), c.req.param("key")));
    if (entity?.exists !== true) return c.body(null, 404);
    return c.body(entity.state ?? "null", 200, { "content-type": "application/json" });
  });

  api.post("/entities/:name/:key", async (c) => {
    const { name, key } = c.req.param();
    const input = await readJson(c);
    if (input === undefined) return c.text("Invalid JSON content", 400);
    if (!hub.runner.has("entity", name)) return c.text(`There is no entity function '${name}'`, 404);
    const operation = {
      id: hub.newInstanceId(),
      operation: c.req.query("op") ?? "",
      input: input || null,
      isSignal: true,
    };
    hub.deliver({ to: entityId(name, key), message: { type: "operation", ...operation } });
    return c.body(null, 202);
  });

  api.all("*", (c) => c.text(`The embedded host has no ${c.req.method} ${c.req.path}`, 501));
  return api;
}

/** Being started again, under the same id, does not begin the time anew. */
function hideStatus(hub: TaskHub, { instance: number, seconds, answer }: UnreachableStatus): MiddlewareHandler {
  let hiddenUntil: number | undefined;
  return async (c, next) => {
    const hidden = [...hub.state.instances.summaries()][number - 1];
    if (hidden === undefined || hidden.id !== c.req.param("id")) return next();
    hiddenUntil ??= Date.parse(hidden.createdAt) + seconds * 1000;
    if (Date.now() > hiddenUntil) return next();
    hub.reportFault(`status unreachable, answer ${answer}`, hidden.id);
    return answer === "500" ? c.text("The status is unreachable on purpose", 500) : new Promise(() => {});
  };
}

const WAIT_INTERVAL_MS = 50;

/** `createAndWaitOnNewInstancePostUri` asks to wait this long. */
async function waitForEnd(hub: TaskHub, id: string, seconds: number): Promise<Instance | undefined> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(WAIT_INTERVAL_MS)) {
    const instance = hub.state.instances.summary(id);
    if (instance !== undefined && isFinished(instance)) return hub.state.instances.find(id);
  }
  return undefined;
}

function answerOf(c: Context, instance: Instance): Response {
  if (instance.status === "Completed") {
    return c.body(instance.output ?? "null", 200, { "content-type": "application/json" });
  }
  return c.json(viewInstance(instance, viewOptions(c)), instance.status === "Failed" ? 500 : 200);
}

/** The body as JSON text: empty if there is none, undefined if it is not JSON. */
async function readJson(c: Context): Promise<string | undefined> {
  const text = await c.req.text();
  if (text === "") return "";
  try {
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}

/** For what need not look at the disk. */
function withInstance(hub: TaskHub, c: Context, answer: (instance: InstanceSummary) => Response): Response {
  const id = c.req.param("id") ?? "";
  return answerFor(c, id, hub.state.instances.summary(id), answer);
}

function withWholeInstance(hub: TaskHub, c: Context, answer: (instance: Instance) => Response): Response {
  const id = c.req.param("id") ?? "";
  return answerFor(c, id, hub.state.instances.find(id), answer);
}

function answerFor<T>(c: Context, id: string, instance: T | undefined, answer: (instance: T) => Response): Response {
  return instance === undefined ? c.text(`No instance with ID '${id}' found.`, 404) : answer(instance);
}

function withLiveInstance(hub: TaskHub, c: Context, answer: (instance: InstanceSummary) => Response): Response {
  return withInstance(hub, c, (instance) =>
    isFinished(instance) ? c.text(`The instance ${instance.id} is ${instance.status}`, 410) : answer(instance),
  );
}

function viewOptions(c: Context): { showHistory: boolean; showHistoryOutput: boolean; showInput: boolean } {
  return {
    showHistory: c.req.query("showHistory") === "true",
    showHistoryOutput: c.req.query("showHistoryOutput") === "true",
    showInput: c.req.query("showInput") !== "false",
  };
}

function links(address: HubAddress, id: string): Record<string, string> {
  const { rewindPostUri: _rewind, ...rest } = managementUrls(address, id);
  return rest;
}

function locate(address: HubAddress, id: string, retryAfterSeconds: number): Record<string, string> {
  return { Location: managementUrls(address, id)["statusQueryGetUri"] ?? "", "Retry-After": String(retryAfterSeconds) };
}
