import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApiVersion } from "../apiVersions.ts";
import type { Engine } from "../engine/engine.ts";
import { errorText } from "../../kit/errorText.ts";
import { LOOPBACK } from "../../kit/loopback.ts";
import type { RequestFailure } from "../faults/faults.ts";
import { keyOf } from "../model/entities.ts";
import type { Job } from "../model/entities.ts";
import { guid } from "../random.ts";
import { invalidQuery, ServiceError } from "../serviceError.ts";
import { authenticate } from "./authentication.ts";
import type { Account } from "./authentication.ts";
import { parseJson, readBody } from "./body.ts";
import type { Reply } from "./call.ts";
import { NotModified } from "./conditionalHeaders.ts";
import { OPERATIONS } from "./operations.ts";
import { parseQuery } from "./query.ts";
import { sendError, sendReply } from "./respond.ts";
import type { Exchange } from "./respond.ts";
import { createRouter } from "./router.ts";
import type { Match } from "./router.ts";
import { checkOperation, checkVersion, readInVersion } from "./versioning.ts";

interface ListenerOptions {
  readonly engine: Engine;
  readonly account: Account;
  /** The real time, which clients sign with whatever clock the tasks run by. */
  readonly wallClock: () => number;
}

/** What every request goes through: injected faults, body, signature, version, operation, commit, answer. */
export function createListener(options: ListenerOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const { engine } = options;
  const route = createRouter(OPERATIONS);

  return (request, response) => {
    const exchange = {
      request,
      response,
      requestId: guid(engine.random),
      baseUrl: `http://${request.headers.host ?? LOOPBACK}`,
    };
    handle(exchange).catch((error: unknown) => {
      if (error instanceof NotModified) {
        void sendReply(exchange, { status: 304 });
        return;
      }
      // A client that has gone wants no answer.
      if (response.destroyed || response.headersSent) {
        response.destroy();
        return;
      }
      // That the state cannot be saved is reported once, by `onFailure`.
      const isNews = !(error instanceof ServiceError) && error !== engine.store.failure;
      if (isNews) engine.log(`${request.method} ${request.url}: ${errorText(error)}`);
      sendError(exchange, error instanceof ServiceError ? error : new ServiceError("InternalError"), engine.now());
    });
  };

  async function handle(exchange: Exchange): Promise<void> {
    const { request } = exchange;
    const rawUrl = request.url ?? "/";
    const method = request.method ?? "GET";
    const found = tryRoute(method, rawUrl.split("?")[0] ?? "/");
    const name = found instanceof ServiceError ? undefined : found.operation.name;
    const fault = await engine.faults.onRequest(name);
    if (fault !== undefined) return fail(exchange, fault);

    const body = await readBody(request);
    const onlyJob = authenticate(
      { method, rawUrl, headers: request.headers, bodyLength: body.length },
      options.account,
      engine.tokens,
      options.wallClock(),
    );
    const query = parseQuery(rawUrl);
    const version = checkVersion(query.get("api-version"));
    checkTimeout(query);
    if (found instanceof ServiceError) throw found;
    if (onlyJob !== undefined) checkJob(found, onlyJob);
    checkOperation(version, found.operation.name);
    const reply = await perform(exchange, found, version, query, body);
    // What has been answered must survive our death.
    engine.store.commit();
    await sendReply(exchange, reply);
  }

  function fail(exchange: Exchange, fault: RequestFailure): void {
    const { request } = exchange;
    if (fault.kind === "dropped") {
      request.socket.destroy();
      return;
    }
    // An unread body would leave the connection unusable.
    request.resume();
    sendError(exchange, fault.error, engine.now());
  }

  function tryRoute(method: string, path: string): Match | ServiceError {
    try {
      return route(method, path);
    } catch (error) {
      if (error instanceof ServiceError) return error;
      throw error;
    }
  }

  function perform(
    exchange: Exchange,
    { operation, params }: Match,
    version: ApiVersion,
    query: Map<string, string>,
    body: Buffer,
  ): Reply | Promise<Reply> {
    if (operation.handler === undefined) {
      throw new ServiceError("NotImplemented", { message: `The Batch emulator does not implement ${operation.name}.` });
    }
    return operation.handler({
      engine,
      version,
      params,
      query,
      headers: exchange.request.headers,
      body: readInVersion(version, operation.name, parseJson(body)),
      baseUrl: exchange.baseUrl,
      rawUrl: exchange.request.url ?? "/",
      requestId: exchange.requestId,
    });
  }
}

/** All that a task may do with its token is about its own job. */
function checkJob({ operation, params: { job = "" } }: Match, only: Job): void {
  if (keyOf(job) === keyOf(only.record.id)) return;
  throw new ServiceError("InsufficientAccountPermissions", {
    values: [
      {
        key: "AuthenticationErrorDetail",
        value: `The token of a task of job ${only.record.id} does not allow ${operation.name}.`,
      },
    ],
  });
}

function checkTimeout(query: ReadonlyMap<string, string>): void {
  const timeout = query.get("timeout");
  if (timeout !== undefined && !/^\d+$/.test(timeout)) {
    throw invalidQuery("timeout", timeout, "Must be a whole number of seconds");
  }
}
