import { setTimeout as delay } from "node:timers/promises";
import { UserError } from "../../local/kit/userError.ts";
import type { ConversionView } from "../../model/conversion.ts";
import type { ConversionList, RetriedConversions } from "../../model/conversionList.ts";
import type { AppAddress } from "./appAddress.ts";
import { KEY_VARIABLE } from "./appAddress.ts";

/** An app that was idle first has to start. */
const REQUEST_BOUND_MS = 60_000;
/** Before what was refused for a moment is asked again, where the app does not say when. */
const PAUSES_MS = [500, 2_000];
const MAX_PAUSE_MS = 30_000;
const PASSING = new Set([429, 502, 503, 504]);

export interface ListFilter {
  readonly status?: string | undefined;
  readonly code?: string | undefined;
  readonly prefix?: string | undefined;
  /** ISO 8601. */
  readonly since?: string | undefined;
  readonly limit?: number | undefined;
}

export type RetryFilter = Pick<ListFilter, "code" | "prefix" | "since">;

/** What the app, or the way to it, has refused. Its code is that of the app's answer, for example `ConversionNotFound`. */
export class ApiFailure extends UserError {
  /** 0: there was no answer. */
  readonly status: number;
  /** How long to wait before another request, if the app says so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    options: ErrorOptions & { hint?: string } = {},
    retryAfterMs?: number,
  ) {
    super(code, message, options);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

interface ApiOptions {
  /** Milliseconds for each request. */
  readonly boundMs?: number;
  /** Waits for so many milliseconds. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Whether a request that fails for a moment only is made again. */
  readonly isPatient?: boolean;
}

/** The HTTP API of an app. All methods throw an `ApiFailure`; the key is in none of its messages. */
export class AppApi {
  readonly address: AppAddress;
  readonly #boundMs: number;
  readonly #pausesMs: readonly number[];
  readonly #pause: (ms: number, signal: AbortSignal) => Promise<unknown>;

  constructor(address: AppAddress, { boundMs = REQUEST_BOUND_MS, pause = sleep, isPatient = true }: ApiOptions = {}) {
    this.address = address;
    this.#boundMs = boundMs;
    this.#pause = pause;
    this.#pausesMs = isPatient ? PAUSES_MS : [];
  }

  /** One page. */
  async list(filter: ListFilter, continuation: string | null, signal: AbortSignal): Promise<ConversionList> {
    const given = Object.entries({ ...filter, continuation: continuation ?? undefined });
    const query = new URLSearchParams(
      given.flatMap(([name, value]) => (value === undefined ? [] : [[name, `${value}`]])),
    );
    return (await this.#json("GET", `?${query}`, signal)) as ConversionList;
  }

  async read(id: string, signal: AbortSignal): Promise<ConversionView> {
    return (await this.#json("GET", `/${id}`, signal)) as ConversionView;
  }

  async readLog(id: string, signal: AbortSignal): Promise<string> {
    const response = await this.#request("GET", `/${id}/log`, signal);
    return response.text;
  }

  async retry(id: string, signal: AbortSignal): Promise<ConversionView> {
    return (await this.#json("POST", `/${id}/retry`, signal)) as ConversionView;
  }

  async cancel(id: string, signal: AbortSignal): Promise<ConversionView> {
    return (await this.#json("DELETE", `/${id}`, signal)) as ConversionView;
  }

  /** Some of those that fit; goes on with the continuation of the answer. */
  async retryFailed(
    filter: RetryFilter,
    continuation: string | null,
    signal: AbortSignal,
  ): Promise<RetriedConversions> {
    const body = { ...filter, ...(continuation !== null && { continuation }) };
    return (await this.#json("POST", "/retry", signal, body)) as RetriedConversions;
  }

  async #json(method: string, path: string, signal: AbortSignal, body?: object): Promise<unknown> {
    const { status, text } = await this.#request(method, path, signal, body);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw this.#strange(status, { cause });
    }
  }

  async #request(method: string, path: string, signal: AbortSignal, body?: object): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#send(method, path, signal, body);
      if (!(answer instanceof ApiFailure)) return answer;
      const pauseMs = this.#pausesMs[attempt];
      // A request that got no answer may have been obeyed.
      const mayRepeat = PASSING.has(answer.status) || (answer.status === 0 && method === "GET");
      if (pauseMs === undefined || !mayRepeat) throw answer;
      await this.#pause(Math.min(MAX_PAUSE_MS, answer.retryAfterMs ?? pauseMs), signal);
    }
  }

  async #send(method: string, path: string, signal: AbortSignal, body?: object): Promise<Answer | ApiFailure> {
    const { url, key } = this.address;
    const bound = AbortSignal.timeout(this.#boundMs);
    try {
      const response = await fetch(`${url}/api/conversions${path}`, {
        method,
        headers: {
          ...(key !== undefined && { "x-functions-key": key }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // The key is for this app only. And an app that wants a person to sign in sends him elsewhere.
        redirect: "manual",
        signal: AbortSignal.any([signal, bound]),
      });
      const text = await response.text();
      return response.ok ? { status: response.status, text } : this.#refusal(response, text);
    } catch (cause) {
      signal.throwIfAborted();
      const reason = bound.aborted ? `it gave no answer within ${this.#boundMs / 1000} s` : reasonOf(cause);
      return new ApiFailure(0, "AppUnreachable", `${url} cannot be reached: ${reason}`, {
        cause,
        hint: "Check that the app runs, its address, and the network of this machine.",
      });
    }
  }

  #refusal({ status, headers }: Response, text: string): ApiFailure {
    const retryAfter = Number(headers.get("retry-after") ?? Number.NaN) * 1000;
    const retryAfterMs = Number.isFinite(retryAfter) ? retryAfter : undefined;
    const problem = headers.get("content-type")?.startsWith("application/problem+json")
      ? parseProblem(text)
      : undefined;
    if (problem !== undefined) return new ApiFailure(status, problem.code, problem.detail, {}, retryAfterMs);
    if (status === 401 || (status >= 300 && status < 400)) return this.#notAllowed(status);
    return this.#strange(status, {}, retryAfterMs);
  }

  #notAllowed(status: number): ApiFailure {
    const { url, key } = this.address;
    if (status !== 401) {
      return new ApiFailure(status, "SignInWanted", `${url} wants a person to sign in`, {
        hint: "Use the page of the app, in a browser.",
      });
    }
    const message = key === undefined ? `${url} needs a key` : `${url} does not take the key`;
    const hint = `Put its function key into ${KEY_VARIABLE} in the environment, or add --azure where you ran \`azd up\`.`;
    return new ApiFailure(401, "KeyNeeded", message, { hint });
  }

  #strange(status: number, options: ErrorOptions, retryAfterMs?: number): ApiFailure {
    const message = `${this.address.url} answers ${status}, but not as mp3drop does`;
    const hint = "Check the address, and that the app of this version is deployed there; look into its log.";
    return new ApiFailure(status, "StrangeAnswer", message, { ...options, hint }, retryAfterMs);
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function parseProblem(text: string): { code: string; detail: string } | undefined {
  try {
    const { code, detail } = JSON.parse(text) as { code?: unknown; detail?: unknown };
    return typeof code === "string" && typeof detail === "string" ? { code, detail } : undefined;
  } catch {
    return undefined;
  }
}

/** `fetch` says only that it failed; why is in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const { code, message: inner } = (cause ?? {}) as { code?: unknown; message?: string };
  return typeof code === "string" ? code : (inner ?? message);
}

function sleep(ms: number, signal: AbortSignal): Promise<unknown> {
  return delay(ms, undefined, { signal });
}
