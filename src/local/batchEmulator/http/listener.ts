import type { IncomingMessage, ServerResponse } from "node:http";
import { UserError } from "../../kit/userError.ts";
import { BatchError, invalidQuery } from "../errors.ts";
import type { Engine } from "../engine/engine.ts";
import { guid } from "../random.ts";
import { authenticate } from "./authentication.ts";
import type { Account } from "./authentication.ts";
import { parseJson, readBody } from "./body.ts";
import type { Reply } from "./call.ts";
import { NotModified } from "./conditions.ts";
import type { RequestFaults } from "./requestFaults.ts";
import { OPERATIONS } from "./operations.ts";
import { parseQuery } from "./query.ts";
import { sendError, sendReply } from "./respond.ts";
import type { Exchange } from "./respond.ts";
import { createRouter } from "./router.ts";
import type { Match } from "./router.ts";

export interface ListenerOptions {
  readonly engine: Engine;
  readonly account: Account;
  readonly faults: RequestFaults;
  /** The real time: clients sign with it, whatever time the tasks live in. */
  readonly wallClock: () => number;
  readonly log: (line: string) => void;
}

const API_VERSION = /^\d{4}-\d{2}-\d{2}(?:\.\d+\.\d+)?(?:-preview)?$/;

/** The way of every request: faults on purpose, body, signature, version, operation, commit, answer. */
export function createListener(options: ListenerOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const { engine, log } = options;
  const route = createRouter(OPERATIONS);

  return (request, response) => {
    const exchange = {
      request,
      response,
      requestId: guid(engine.random),
      baseUrl: `http://${request.headers.host ?? "127.0.0.1"}`,
    };
    handle(exchange).catch((error: unknown) => {
      if (error instanceof NotModified) {
        void sendReply(exchange, { status: 304 });
        return;
      }
      // A client that went away wants no answer.
      if (response.destroyed || response.headersSent) {
        response.destroy();
        return;
      }
      // That the journal has failed, a UserError, is told once, to whoever runs the emulator.
      const isBug = !(error instanceof BatchError || error instanceof UserError);
      if (isBug) log(`${request.method} ${request.url}: ${errorText(error)}`);
      sendError(exchange, error instanceof BatchError ? error : new BatchError("InternalError"), engine.now());
    });
  };

  async function handle(exchange: Exchange): Promise<void> {
    const { request } = exchange;
    const rawUrl = request.url ?? "/";
    const method = request.method ?? "GET";
    const found = tryRoute(method, rawUrl.split("?")[0] ?? "/");
    const name = found instanceof BatchError ? undefined : found.operation.name;
    if (await options.faults.strike(name, exchange, engine.now())) return;

    const body = await readBody(request);
    authenticate(
      { method, rawUrl, headers: request.headers, bodyLength: body.length },
      options.account,
      options.wallClock(),
    );
    const query = parseQuery(rawUrl);
    checkCommonQuery(query);
    if (found instanceof BatchError) throw found;
    const reply = await perform(exchange, found, query, body);
    // What is answered must outlive us.
    engine.store.commit();
    await sendReply(exchange, reply);
  }

  function tryRoute(method: string, path: string): Match | BatchError {
    try {
      return route(method, path);
    } catch (error) {
      if (error instanceof BatchError) return error;
      throw error;
    }
  }

  function perform(
    exchange: Exchange,
    { operation, params }: Match,
    query: Map<string, string>,
    body: Buffer,
  ): Reply | Promise<Reply> {
    if (operation.handler === undefined) {
      throw new BatchError("NotImplemented", { message: `The Batch emulator does not implement ${operation.name}.` });
    }
    return operation.handler({
      engine,
      params,
      query,
      headers: exchange.request.headers,
      body: parseJson(body),
      baseUrl: exchange.baseUrl,
      rawUrl: exchange.request.url ?? "/",
      requestId: exchange.requestId,
      now: () => engine.now(),
    });
  }
}

function checkCommonQuery(query: ReadonlyMap<string, string>): void {
  const version = query.get("api-version");
  if (version === undefined || version === "") {
    throw new BatchError("MissingRequiredQueryParameter", {
      values: [{ key: "QueryParameterName", value: "api-version" }],
    });
  }
  if (!API_VERSION.test(version)) throw new BatchError("UnsupportedRequestVersion");
  const timeout = query.get("timeout");
  if (timeout !== undefined && !/^\d+$/.test(timeout)) {
    throw invalidQuery("timeout", timeout, "Must be a whole number of seconds");
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
