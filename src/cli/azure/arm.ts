import { setTimeout as delay } from "node:timers/promises";
import { errorMessage } from "../../local/kit/errorText.ts";
import { UserError } from "../../local/kit/userError.ts";

/** Azure Resource Manager: what is asked of it, and how it answers. */
export interface Arm {
  /** The body of the answer; undefined for one without. Throws an `ArmError`. */
  request(method: "GET" | "PUT" | "POST" | "DELETE", path: string, apiVersion: string, body?: object): Promise<unknown>;
  /** All items of a list, of all pages. The filter is in the words of OData. Throws an `ArmError`. */
  list<Item>(path: string, apiVersion: string, filter?: string): Promise<Item[]>;
}

/**
 * A refusal, in the service's own words; its code is the service's, for example `AuthorizationFailed`. Without an answer
 * the code is `NoAnswer` and the status 0.
 */
export class ArmError extends UserError {
  readonly status: number;

  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(code, message, { ...options, hint: HINTS[status] ?? "Try again, and look into the resource in the portal." });
    this.status = status;
  }
}

const HINTS: Readonly<Record<number, string>> = {
  0: "See that this machine can reach Azure, and try again.",
  401: "Sign in with `azd auth login` and try again.",
  403: "Ask for the role Owner, or Contributor and Role Based Access Control Administrator, on the resource group.",
  404: "Run `azd provision` first: what should be there is not.",
  409: "Something else is changing it. Try again in a few minutes.",
};

export interface ArmOptions {
  /** Without a slash at its end; that of the public cloud if not given. */
  readonly url?: string;
  readonly getToken: () => Promise<string>;
  /** Waits for so many milliseconds. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

const PUBLIC_CLOUD = "https://management.azure.com";
const REQUEST_TIMEOUT_MS = 60_000;
/** Each longer than the one before, where the service does not say how long to wait. */
const PAUSES_MS = [1_000, 4_000, 15_000];
const MAX_PAUSE_MS = 60_000;

/**
 * Repeats what was refused for a moment only: 429 and failures of the service, after the time that it asks for. And what
 * got no answer: all that is asked for may be done twice.
 */
export function connectArm({ url = PUBLIC_CLOUD, getToken, pause = delay }: ArmOptions): Arm {
  const ask = async (method: string, target: string, body?: object): Promise<unknown> => {
    for (let attempt = 0; ; attempt++) {
      const headers = { authorization: `Bearer ${await getToken()}`, "content-type": "application/json" };
      const sent = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
      const { text, failure, retryAfterMs } = await send(target, sent);
      if (failure === undefined) return text === "" ? undefined : JSON.parse(text);
      const pauseMs = PAUSES_MS[attempt];
      const mayPass = failure.status === 0 || failure.status === 429 || failure.status >= 500;
      if (!mayPass || pauseMs === undefined) throw failure;
      await pause(Math.min(MAX_PAUSE_MS, retryAfterMs ?? pauseMs));
    }
  };
  const addressOf = (path: string, query: Readonly<Record<string, string>>): string =>
    `${url}${path}?${new URLSearchParams(query)}`;

  return {
    request: (method, path, apiVersion, body) => ask(method, addressOf(path, { "api-version": apiVersion }), body),
    async list<Item>(path: string, apiVersion: string, filter?: string) {
      const items: Item[] = [];
      const query = { "api-version": apiVersion, ...(filter !== undefined && { $filter: filter }) };
      for (let target = addressOf(path, query); ;) {
        const page = (await ask("GET", target)) as Page<Item>;
        items.push(...page.value);
        // The token is for nobody else.
        if (!page.nextLink || new URL(page.nextLink).origin !== new URL(url).origin) return items;
        target = page.nextLink;
      }
    },
  };
}

interface Page<Item> {
  readonly value: readonly Item[];
  readonly nextLink?: string | null;
}

interface Answer {
  readonly text: string;
  readonly failure?: ArmError;
  readonly retryAfterMs?: number | undefined;
}

async function send(url: string, init: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    const text = await response.text();
    if (response.ok) return { text };
    return { text, failure: errorOf(response.status, text), retryAfterMs: readRetryAfter(response.headers) };
  } catch (cause) {
    const message = `Azure Resource Manager gave no answer: ${errorMessage(cause)}`;
    return { text: "", failure: new ArmError(0, "NoAnswer", message, { cause }) };
  }
}

function readRetryAfter(headers: Headers): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

/** https://learn.microsoft.com/azure/azure-resource-manager/management/common-deployment-errors */
function errorOf(status: number, text: string): ArmError {
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } };
    return new ArmError(status, error.code, error.message);
  } catch (cause) {
    return new ArmError(status, `HTTP ${status}`, text.slice(0, 200) || "no details", { cause });
  }
}
