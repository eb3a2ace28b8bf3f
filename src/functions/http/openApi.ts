import { LISTED_STATUSES } from "../../model/conversionList.ts";
import type { Workload } from "../../workloads/workload.ts";
import { ref, schemasFor } from "./openApiSchemas.ts";

type Json = Readonly<Record<string, unknown>>;

/** The HTTP API in OpenAPI 3.1, https://spec.openapis.org/oas/v3.1.0. A test holds it against the routes and their answers. */
export function openApiFor(workloads: readonly Workload[]): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "mp3drop",
      version: "1",
      description: "Upload a file, see what becomes of it, get the result. Errors are problems as RFC 9457 has them.",
    },
    servers: [{ url: "/api" }],
    security: [{ functionKey: [] }, { signIn: [] }],
    paths: PATHS,
    components: {
      schemas: schemasFor(workloads),
      securitySchemes: {
        functionKey: { type: "apiKey", in: "header", name: "x-functions-key" },
        signIn: {
          type: "apiKey",
          in: "cookie",
          name: "AppServiceAuthSession",
          description: "The sign-in of Azure App Service, where the setting API_SIGN_IN is true.",
        },
      },
    },
  };
}

const ID = {
  name: "id",
  in: "path",
  required: true,
  description: "The first 32 hex digits of the SHA-256 of `[workload, container, name, ETag]` as JSON without spaces.",
  schema: { type: "string" },
};

const UNAVAILABLE = problem("Azure Storage, Azure Batch or the Durable extension does not answer: try again later.");
const NOT_FOUND = problem("There is no such conversion: `ConversionNotFound`.");

const PATHS: Json = {
  "/conversions": {
    get: operation("listConversions", "Lists the conversions of the retention time, the newest upload first", {
      parameters: [
        query("status", `One or several of ${LISTED_STATUSES.join(", ")}, separated by commas.`),
        query("code", "Only those that ended with this code, for example `NoAudioStream`."),
        query("prefix", "Only those whose input has a name that begins like this."),
        query("since", "Only those that were uploaded at that time or later, in ISO 8601."),
        query("limit", "How many at most.", { type: "integer", minimum: 1, maximum: 200, default: 50 }),
        query("continuation", "That of the answer before."),
      ],
      responses: {
        200: answer("A page, which may be short or empty although there is a continuation.", "ConversionList"),
        400: problem("A filter is wrong, or the continuation is none of ours: `BadFilter`."),
      },
    }),
  },
  "/conversions/{id}": {
    parameters: [ID],
    get: operation("getConversion", "Where a conversion stands, and at the end its record", {
      responses: { 200: answer("Where it stands.", "ConversionView"), 404: NOT_FOUND },
    }),
    delete: operation("cancelConversion", "Cancels a running conversion", {
      responses: {
        202: answer("It ends its task and leaves a record that says `cancelled`.", "ConversionView"),
        404: NOT_FOUND,
        409: problem("It has ended, or its result is being published: `ConversionEnded`."),
      },
    }),
  },
  "/conversions/{id}/log": {
    parameters: [ID],
    get: operation("getLog", "The log of the task; while that runs, what it has written so far", {
      responses: {
        200: { description: "The log.", content: { "text/plain": { schema: { type: "string" } } } },
        404: problem("There is no such conversion, or no log of it: `ConversionNotFound`, `LogNotFound`."),
        413: problem("The log is too large to be shown here: `LogTooLarge`."),
      },
    }),
  },
  "/conversions/{id}/result": {
    parameters: [ID],
    get: operation("getResult", "Redirects to the result, which can be read for some minutes", {
      parameters: [query("download", "With `1`, a browser saves it under its name instead of playing it.")],
      responses: {
        200: answer("Where the result is, for those who accept `application/json` only.", "ResultLink"),
        302: { description: "To the result.", headers: { Location: { schema: { type: "string" } } } },
        404: problem("There is no such conversion, or its result is gone: `ConversionNotFound`, `ResultNotFound`."),
        409: problem("It has not succeeded, or a newer result has replaced its own: `NoResult`, `ResultReplaced`."),
      },
    }),
  },
  "/conversions/{id}/retry": {
    parameters: [ID],
    post: operation("retryConversion", "Runs a failed or cancelled conversion again", {
      responses: {
        202: answer("It runs.", "ConversionView"),
        404: NOT_FOUND,
        409: problem(
          "It runs or has succeeded, or the app lacks its workload: `ConversionNotFailed`, `UnknownWorkload`.",
        ),
      },
    }),
  },
  "/conversions/retry": {
    post: operation("retryConversions", "Runs failed conversions again, some at a time; repeating it does no harm", {
      requestBody: body("RetryRequest"),
      responses: {
        202: answer("Those that were started. With a continuation there may be more.", "RetriedConversions"),
        400: problem("The body or the continuation is wrong: `BadRequest`, `BadFilter`."),
      },
    }),
  },
  "/uploads": {
    post: operation("createUpload", "Gives the right to upload one file straight to storage", {
      requestBody: body("UploadRequest"),
      responses: {
        201: answer("How to upload it.", "UploadTicket"),
        400: problem(
          "`BadRequest`, `BadName`, `BadOptions`, or no workload takes a file of this name: `NameNotTaken`.",
        ),
        409: problem("There is one of this name, and `overwrite` is not true: `UploadExists`."),
        413: problem("It is larger than a node can take: `InputTooLarge`."),
      },
    }),
  },
  "/metrics": {
    get: operation("getMetrics", "What this process of the app has counted, for Prometheus", {
      responses: {
        200: { description: "The metrics.", content: { "text/plain": { schema: { type: "string" } } } },
      },
    }),
  },
  "/openapi.json": {
    get: {
      operationId: "getOpenApi",
      summary: "This document",
      security: [],
      responses: {
        200: { description: "This document.", content: { "application/json": { schema: { type: "object" } } } },
      },
    },
  },
};

function operation(
  operationId: string,
  summary: string,
  { responses, ...more }: Json & { readonly responses: Json },
): Json {
  const refused = problem("The key or the sign-in is missing. Without a key, the Functions host answers with no body.");
  return { operationId, summary, ...more, responses: { ...responses, 401: refused, 503: UNAVAILABLE } };
}

function query(name: string, description: string, schema: Json = { type: "string" }): Json {
  return { name, in: "query", description, schema };
}

function body(name: string): Json {
  return { required: true, content: { "application/json": { schema: ref(name) } } };
}

function answer(description: string, name: string): Json {
  return { description, content: { "application/json": { schema: ref(name) } } };
}

function problem(description: string): Json {
  return { description, content: { "application/problem+json": { schema: ref("Problem") } } };
}
