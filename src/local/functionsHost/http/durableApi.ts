import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import type { Context, MiddlewareHandler } from "hono";
import { isFinished } from "../engine/instance.ts";
import type { Instance } from "../engine/instance.ts";
import type { InstanceSummary } from "../durable/instances.ts";
import type { HubFaults, UnreachableStatus } from "../durable/hubFaults.ts";
import type { TaskHub } from "../durable/taskHub.ts";
import { failWith, readFlag, readJson, refuse, saysJson } from "./durableAnswers.ts";
import { addEntityApi } from "./entityApi.ts";
import { viewInstance } from "./instanceView.ts";
import { findInstances, readFilter } from "./instanceQuery.ts";
import { managementUrls } from "./managementUrls.ts";
import type { HubAddress } from "./managementUrls.ts";

/** https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-bindings#instance-id-values */
const BAD_ID = /[/\\#?\p{Cc}]/u;
const MAX_ID_LENGTH = 256;
const JSON_TYPE = "application/json; charset=utf-8";
const START_RETRY_AFTER_SECONDS = 10;
const STATUS_RETRY_AFTER_SECONDS = 5;

/**
 * The HTTP API of the Durable extension, which both the SDK and the management links use.
 * https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-http-api
 */
export function createDurableApi(hub: TaskHub, address: () => HubAddress, faults: HubFaults = {}): Hono {
  const api = new Hono({ strict: false });
  api.use(async (c, next) => {
    await next();
    if (c.res.headers.get("content-type") === "application/json") c.header("content-type", JSON_TYPE);
  });
  // Nothing of this one is in another hub.
  api.use(async (c, next) => {
    const hubName = c.req.query("taskHub");
    const isOther = hubName !== undefined && hubName.toLowerCase() !== address().hubName.toLowerCase();
    return isOther ? c.body(null, 404) : next();
  });
  if (faults.unreachableStatus !== undefined) api.get("/instances/:id", hideStatus(hub, faults.unreachableStatus));

  const start = async (c: Context): Promise<Response> => {
    const { name = "", id = hub.newInstanceId() } = c.req.param() as { name?: string; id?: string };
    const input = await readJson(c);
    if (input === undefined) return refuse(c, "Invalid JSON content");
    if (id.startsWith("@") || BAD_ID.test(id) || id.length > MAX_ID_LENGTH) {
      const rule = `must not start with @, contain / \\ # ? or control characters, or be longer than ${MAX_ID_LENGTH}`;
      return refuse(c, `Instance ids ${rule}, as "${id}" is or does`);
    }
    const [timeout, interval] = [seconds(c, "timeout"), seconds(c, "pollingInterval")];
    if (timeout !== undefined && interval !== undefined && timeout < interval) {
      return refuse(c, `Total timeout ${timeout} should be bigger than retry timeout ${interval}`);
    }
    const existing = hub.state.instances.summary(id);
    if (existing !== undefined && !isFinished(existing)) {
      return refuse(c, `An Orchestration instance with the status ${existing.status} already exists.`, 409);
    }
    hub.startInstance(id, name, input, c.req.query("version") ?? "");
    const waits = timeout !== undefined && interval !== undefined;
    const finished = waits ? await waitForEnd(hub, id, timeout) : undefined;
    if (finished !== undefined) return answerOf(c, finished);
    return c.json({ id, ...links(address(), id) }, 202, locate(address(), id, START_RETRY_AFTER_SECONDS));
  };
  api.post("/orchestrators/:name", start);
  api.post("/orchestrators/:name/:id", start);

  api.get("/instances", (c) => {
    const filter = readFilter(c.req.query());
    if (filter.top < 0) return failWith(c, `top is ${filter.top}`);
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
      return c.json(body, failureStatus(c, instance));
    }),
  );

  api.post("/instances/:id/raiseEvent/:event", async (c) => {
    const input = await readJson(c);
    return withLiveInstance(hub, c, ({ id }) => {
      if (!saysJson(c)) return refuse(c, "Only application/json request content is supported");
      if (input === undefined || input === "") return refuse(c, "Invalid JSON content");
      hub.deliver({ to: id, message: { type: "event", name: c.req.param("event"), input } });
      return c.body(null, 202);
    });
  });

  for (const type of ["terminate", "suspend", "resume"] as const) {
    api.post(`/instances/:id/${type}`, (c) =>
      withLiveInstance(hub, c, ({ id, status }) => {
        const isSuspended = status === "Suspended";
        if ((type === "suspend" && isSuspended) || (type === "resume" && !isSuspended)) {
          return failWith(
            c,
            `Cannot ${type} the orchestration instance ${id} because instance is in the ${status} state.`,
          );
        }
        hub.deliver({ to: id, message: { type, reason: c.req.query("reason") ?? "" } });
        return c.body(null, 202);
      }),
    );
  }

  api.post("/instances/:id/rewind", (c) =>
    withInstance(hub, c, (instance) => {
      if (instance.status !== "Failed") {
        const message = `This orchestration has status ${instance.status}, but only orchestrations in the "Failed" state can be rewound.`;
        return c.json(message, 412);
      }
      return c.text("The embedded host does not rewind instances. Start a new one with the same input (restart).", 501);
    }),
  );

  api.post("/instances/:id/restart", (c) => {
    if (hub.state.instances.summary(c.req.param("id")) === undefined) {
      return refuse(c, "InstanceId does not match a valid orchestration instance.");
    }
    return withWholeInstance(hub, c, ({ id, name, input, version, status }) => {
      const isNew = readFlag(c, "restartWithNewInstanceId") !== false;
      if (!isNew && !isFinished({ status })) {
        return refuse(c, "A non-terminal instance with this instance ID already exists.", 409);
      }
      const newId = isNew ? hub.newInstanceId() : id;
      hub.startInstance(newId, name, input, version);
      return c.json(
        { id: newId, ...links(address(), newId) },
        202,
        locate(address(), newId, START_RETRY_AFTER_SECONDS),
      );
    });
  });

  api.delete("/instances/:id", (c) =>
    withInstance(hub, c, ({ id, status }) => {
      if (!isFinished({ status })) {
        const message = `Only orchestrations in a terminal state can be purged, but the orchestration with instance ID ${id} has status ${status}`;
        return c.json(message, 412);
      }
      hub.purge([id]);
      return c.json({ instancesDeleted: 1 });
    }),
  );

  api.delete("/instances", (c) => {
    const filter = readFilter(c.req.query());
    if (filter.createdTimeFrom === undefined) {
      return c.json("Please provide value for 'createdTimeFrom' parameter.", 400);
    }
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

  addEntityApi(api, hub);
  api.all("*", (c) => c.body(null, 404));
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

/** A start with `timeout` and `pollingInterval` asks to wait this long. */
async function waitForEnd(hub: TaskHub, id: string, timeoutSeconds: number): Promise<Instance | undefined> {
  for (const end = Date.now() + timeoutSeconds * 1000; Date.now() < end; await sleep(WAIT_INTERVAL_MS)) {
    const instance = hub.state.instances.summary(id);
    if (instance !== undefined && isFinished(instance)) return hub.state.instances.find(id);
  }
  return undefined;
}

function answerOf(c: Context, instance: Instance): Response {
  if (instance.status === "Completed") {
    return c.body(instance.output ?? "null", 200, { "content-type": "application/json" });
  }
  return c.json(viewInstance(instance, viewOptions(c)), failureStatus(c, instance));
}

function failureStatus(c: Context, { status }: InstanceSummary): 200 | 500 {
  return status === "Failed" && readFlag(c, "returnInternalServerErrorOnFailure") === true ? 500 : 200;
}

/** A number in the query; undefined if there is none. */
function seconds(c: Context, name: string): number | undefined {
  const text = c.req.query(name) ?? "";
  return text.trim() === "" || Number.isNaN(Number(text)) ? undefined : Number(text);
}

/** For what need not look at the disk. */
function withInstance(hub: TaskHub, c: Context, answer: (instance: InstanceSummary) => Response): Response {
  const id = c.req.param("id") ?? "";
  return answerFor(c, hub.state.instances.summary(id), answer);
}

function withWholeInstance(hub: TaskHub, c: Context, answer: (instance: Instance) => Response): Response {
  const id = c.req.param("id") ?? "";
  return answerFor(c, hub.state.instances.find(id), answer);
}

function answerFor<T>(c: Context, instance: T | undefined, answer: (instance: T) => Response): Response {
  return instance === undefined ? c.body(null, 404) : answer(instance);
}

function withLiveInstance(hub: TaskHub, c: Context, answer: (instance: InstanceSummary) => Response): Response {
  return withInstance(hub, c, (instance) => (isFinished(instance) ? c.body(null, 410) : answer(instance)));
}

function viewOptions(c: Context): { showHistory: boolean; showHistoryOutput: boolean; showInput: boolean } {
  return {
    showHistory: readFlag(c, "showHistory") === true,
    showHistoryOutput: readFlag(c, "showHistoryOutput") === true,
    showInput: readFlag(c, "showInput") !== false,
  };
}

function links(address: HubAddress, id: string): Record<string, string> {
  const { rewindPostUri: _rewind, ...rest } = managementUrls(address, id);
  return rest;
}

function locate(address: HubAddress, id: string, retryAfterSeconds: number): Record<string, string> {
  return { Location: managementUrls(address, id)["statusQueryGetUri"] ?? "", "Retry-After": String(retryAfterSeconds) };
}
