import type { HttpMethod, HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import * as df from "durable-functions";
import { services } from "../../azure/azureServices.ts";
import { ServiceError } from "../../model/errors.ts";
import { withoutSecrets } from "../../model/redact.ts";
import { UnansweredError } from "../../durableClient.ts";
import { Refusal, problem } from "./answers.ts";

export type ApiHandler = (
  request: HttpRequest,
  client: DurableClient,
  context: InvocationContext,
) => HttpResponseInit | Promise<HttpResponseInit>;

interface ApiRoute {
  /** Below `/api`. */
  readonly route: string;
  readonly method: HttpMethod;
  readonly handler: ApiHandler;
  /** For everybody, without a key or a sign-in. */
  readonly isPublic?: boolean;
}

/**
 * Registers an endpoint of the API. All go through here: who may call it, that every refusal is a problem, and that a
 * bug is in the log.
 */
export function apiRoute(name: string, { route, method, handler, isPublic = false }: ApiRoute): void {
  const { apiSignIn } = services().config;
  df.app.client.http(name, {
    route,
    methods: [method],
    authLevel: isPublic || apiSignIn ? "anonymous" : "function",
    handler: async (request, client, context) => {
      const refused = isPublic || !apiSignIn ? undefined : whyNotSignedIn(request);
      return withSafeHeaders(refused ?? (await answer(handler, request, client, context)));
    },
  });
}

async function answer(
  handler: ApiHandler,
  request: HttpRequest,
  client: DurableClient,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  try {
    return await handler(request, client, context);
  } catch (error) {
    if (error instanceof Refusal) return problem(error.status, error.code, error.message);
    if (error instanceof ServiceError || error instanceof UnansweredError) {
      context.warn(withoutSecrets(`${request.method} ${request.params["id"] ?? ""} failed: ${error.message}`));
      return problem(503, "ServiceUnavailable", withoutSecrets(`Try again in a moment. ${error.message}`));
    }
    context.error(withoutSecrets(error instanceof Error ? (error.stack ?? error.message) : String(error)));
    return problem(500, "InternalError", "Something failed that should not have. The log of the app says what.");
  }
}

/**
 * The authentication of the site lets through who has signed in, and says who it is; from anybody else it takes the
 * header away. https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
 *
 * Browsers send its cookie along for any page, so a request that changes something must come from our own.
 */
function whyNotSignedIn(request: HttpRequest): HttpResponseInit | undefined {
  if (!request.headers.get("x-ms-client-principal-id")) {
    return problem(401, "SignInRequired", "Sign in to the site of the app first: API_SIGN_IN is true.");
  }
  const origin = request.headers.get("origin");
  if (request.method === "GET" || origin === null) return undefined;
  const isOwn = URL.canParse(origin) && new URL(origin).host === new URL(request.url).host;
  return isOwn ? undefined : problem(403, "OtherOrigin", `A page of ${origin} may not change anything here.`);
}

/** The Functions library takes no `Headers` but its own, so handlers give plain objects, with names in lower case. */
function withSafeHeaders(response: HttpResponseInit): HttpResponseInit {
  const own = response.headers as Readonly<Record<string, string>> | undefined;
  return { ...response, headers: { "cache-control": "no-store", "x-content-type-options": "nosniff", ...own } };
}
