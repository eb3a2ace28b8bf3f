import { LISTED_STATUSES } from "../../model/conversionList.ts";
import type { Workload } from "../../workloads/workload.ts";

type Schema = Readonly<Record<string, unknown>>;

const TEXT = { type: "string" };
const TIME = { type: "string", format: "date-time" };
const COUNT = { type: "integer", minimum: 0 };
const ID = { type: "string", pattern: "^[0-9a-f]{32}$" };
const PERCENT = { type: ["number", "null"], minimum: 0, maximum: 100 };
const PHASE = { enum: ["preparing", "waiting", "converting", "publishing", "finished"] };
const CONTINUATION = {
  type: ["string", "null"],
  description: "Where to go on: send it with the next request. Null: there is no more.",
};

/** The shapes of all bodies, for `components.schemas`. */
export function schemasFor(workloads: readonly Workload[]): Readonly<Record<string, Schema>> {
  return {
    Problem: object(
      { title: TEXT, status: { type: "integer" }, code: TEXT, detail: TEXT },
      { description: "An error as RFC 9457 has it. `code` is stable, for programs to branch on." },
    ),
    BlobVersion: object({ container: TEXT, name: TEXT, eTag: TEXT }),
    Failure: object({ code: TEXT, message: TEXT, hint: TEXT }),
    ConversionView: object({
      id: ID,
      status: { enum: ["running", "succeeded", "failed", "cancelled", "superseded"] },
      phase: PHASE,
      percent: PERCENT,
      waitReason: nullable(TEXT),
      waitingSince: nullable(TIME),
      workload: TEXT,
      input: ref("BlobVersion"),
      attempt: { type: "integer", minimum: 1 },
      createdAt: TIME,
      updatedAt: TIME,
      record: { anyOf: [ref("ConversionRecord"), { type: "null" }] },
    }),
    ConversionRecord: {
      type: "object",
      description: "What is also written beside each result, as `<result>.json`. It may have more members than these.",
      required: [
        "schemaVersion",
        "status",
        "conversionId",
        "workload",
        "input",
        "output",
        "error",
        "times",
        "attempts",
      ],
      properties: {
        schemaVersion: { const: 1 },
        status: { enum: ["succeeded", "failed", "cancelled"] },
        conversionId: ID,
        workload: TEXT,
        input: { type: "object" },
        output: { type: ["object", "null"] },
        error: { type: ["object", "null"] },
        times: { type: "object" },
        attempts: { type: "integer", minimum: 1 },
      },
    },
    ConversionSummary: object({
      id: ID,
      status: { enum: LISTED_STATUSES },
      workload: TEXT,
      input: ref("BlobVersion"),
      uploadedAt: TIME,
      endedAt: nullable(TIME),
      sizeBytes: { type: ["integer", "null"], minimum: 0 },
      phase: PHASE,
      percent: PERCENT,
      waitReason: nullable(TEXT),
      waitingSince: nullable(TIME),
      attempt: { type: "integer", minimum: 1 },
      error: { anyOf: [ref("Failure"), { type: "null" }] },
      output: {
        anyOf: [object({ name: TEXT, sizeBytes: { type: ["integer", "null"], minimum: 0 } }), { type: "null" }],
      },
    }),
    ConversionList: object({
      conversions: { type: "array", items: ref("ConversionSummary") },
      counts: object({
        ...Object.fromEntries(LISTED_STATUSES.map((status) => [status, COUNT])),
        isComplete: { type: "boolean", description: "False where only the newest were counted." },
      }),
      lastHour: object({
        minutes: {
          type: "array",
          minItems: 60,
          maxItems: 60,
          items: object({ at: TIME, succeeded: COUNT, failed: COUNT }),
        },
      }),
      continuation: CONTINUATION,
    }),
    RetryRequest: object(
      { code: TEXT, prefix: TEXT, since: TIME, continuation: TEXT },
      { required: [], description: "Which failed conversions to run again: those that fit all that is given." },
    ),
    RetriedConversions: object({
      started: COUNT,
      ids: { type: "array", items: ID },
      refused: { type: "array", items: object({ id: ID, code: TEXT }) },
      continuation: CONTINUATION,
    }),
    UploadRequest: object(
      {
        name: { type: "string", minLength: 1, maxLength: 1024 },
        sizeBytes: { type: "integer", minimum: 1 },
        options: { anyOf: [...new Set(workloads.map(optionsSchema))] },
        overwrite: { type: "boolean", default: false },
      },
      { required: ["name", "sizeBytes"] },
    ),
    UploadTicket: object({
      url: { ...TEXT, description: "Where the blob goes, with the right to write it: a secret." },
      method: { const: "PUT blocks" },
      headers: {
        type: "object",
        additionalProperties: TEXT,
        description:
          "Of the request with the list of blocks. One `PUT <url>` of all of it also needs `x-ms-blob-type: BlockBlob`.",
      },
      blockBytes: { type: "integer", minimum: 1 },
      expiresAt: TIME,
      container: TEXT,
      name: TEXT,
    }),
    ResultLink: object({ url: TEXT, expiresAt: TIME, name: TEXT }),
  };
}

export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** With exactly these members, all of them required unless it is said otherwise. */
function object(properties: Readonly<Record<string, Schema>>, more: Schema = {}): Schema {
  return { type: "object", required: Object.keys(properties), additionalProperties: false, properties, ...more };
}

function nullable(schema: { readonly type: string }): Schema {
  return { ...schema, type: [schema.type, "null"] };
}

function optionsSchema({ name, options }: Workload): Schema {
  const table = options?.table ?? [];
  const properties = table.map((option) => {
    const description = `${option.about}: ${option.allowed}. Without it: ${option.fallback}.`;
    return [option.name, { type: ["string", "number", "boolean"], description }];
  });
  return { type: "object", title: name, additionalProperties: false, properties: Object.fromEntries(properties) };
}
