import type { PageSettings } from "../model/pageSettings.ts";
import type { ResultLink, UploadRequest, UploadTicket } from "../model/upload.ts";
import type { ConversionList, RetriedConversions } from "../model/conversionList.ts";
import type { KeyStore } from "./key.ts";

/** What the API refuses, or why it cannot be reached; the message is for people. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** `Unreachable` where there was no answer. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface ListQuery {
  readonly status: string;
  readonly prefix: string;
  readonly code: string;
  readonly continuation: string | null;
}

const PAGE_ROWS = 50;
/** For a whole answer. An app that has to start first needs some of it. */
const ANSWER_TIMEOUT_MS = 60_000;

/** The app's own API. Where a key is needed and none is known, or a wrong one, `askForKey` is called, once for all requests. */
export class Api {
  readonly #keys: KeyStore;
  readonly #askForKey: (wasRefused: boolean) => Promise<string>;
  #asking: Promise<void> | undefined;

  constructor(keys: KeyStore, askForKey: (wasRefused: boolean) => Promise<string>) {
    this.#keys = keys;
    this.#askForKey = askForKey;
  }

  settings(): Promise<PageSettings> {
    return this.#json("GET", "page/settings.json");
  }

  list(query: ListQuery): Promise<ConversionList> {
    const parameters = Object.entries({ ...query, limit: String(PAGE_ROWS) }).filter(([, value]) => value);
    return this.#json("GET", `conversions?${new URLSearchParams(parameters as [string, string][])}`);
  }

  requestUpload(upload: UploadRequest): Promise<UploadTicket> {
    return this.#json("POST", "uploads", upload);
  }

  retry(id: string): Promise<unknown> {
    return this.#json("POST", `conversions/${id}/retry`);
  }

  retryAll(filter: Readonly<Record<string, string>>): Promise<RetriedConversions> {
    return this.#json("POST", "conversions/retry", filter);
  }

  cancel(id: string): Promise<unknown> {
    return this.#json("DELETE", `conversions/${id}`);
  }

  async log(id: string): Promise<string> {
    return (await this.#request("GET", `conversions/${id}/log`)).text();
  }

  /** A URL of storage, good for some minutes. */
  async resultUrl(id: string, { download = false } = {}): Promise<string> {
    const link = await this.#json<ResultLink>("GET", `conversions/${id}/result${download ? "?download=1" : ""}`);
    return link.url;
  }

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    return (await this.#request(method, path, body)).json() as Promise<T>;
  }

  async #request(method: string, path: string, body?: unknown): Promise<Response> {
    for (;;) {
      const key = this.#keys.read();
      const response = await send(method, path, key, body);
      if (response.ok) return response;
      // The host asks for a key without a word; where the app asks for a sign-in, a key would not help.
      const error = await errorOf(response);
      if (response.status !== 401 || error.code !== "Failed") throw error;
      // Another request may have been told a better key in the meantime.
      if (this.#keys.read() === key) await this.#newKey(key !== undefined);
    }
  }

  #newKey(wasRefused: boolean): Promise<void> {
    this.#asking ??= this.#askForKey(wasRefused)
      .then((key) => this.#keys.write(key))
      .finally(() => (this.#asking = undefined));
    return this.#asking;
  }
}

async function send(method: string, path: string, key: string | undefined, body: unknown): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      // The API leads nowhere else; the sign-in of the site does, to where no script may follow.
      redirect: "manual",
      headers: {
        accept: "application/json, text/plain",
        ...(key !== undefined && { "x-functions-key": key }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError("Unreachable", "The app does not answer.");
  }
  if (response.type !== "opaqueredirect") return response;
  throw new ApiError("SignInRequired", "Your sign-in has ended. Load the page again to sign in.");
}

async function errorOf(response: Response): Promise<ApiError> {
  try {
    const { code, detail } = (await response.json()) as { code?: string; detail?: string };
    if (code !== undefined && detail !== undefined) return new ApiError(code, detail);
  } catch {
    // No problem document: a proxy or the host itself has answered.
  }
  return new ApiError("Failed", `The app answers with ${response.status} ${response.statusText}.`);
}
