import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { UserError } from "../kit/userError.ts";
import { LOG_LEVELS } from "./log.ts";
import { resolveSettings } from "./settingReferences.ts";
import type { AppSettings } from "./settingReferences.ts";

/** How the text of a queue's message stands for what was sent. */
export type MessageEncoding = "base64" | "none";

/** The settings of host.json that the embedded host honours, with the defaults of the real one. */
export interface HostSettings {
  readonly routePrefix: string;
  readonly functionTimeoutMs: number;
  readonly logLevels: Readonly<Record<string, string>>;
  readonly hubName: string;
  readonly maxConcurrentActivityFunctions: number;
  readonly maxConcurrentOrchestratorFunctions: number;
  readonly maxOrchestrationActions: number;
  readonly maxDegreeOfParallelism: number;
  readonly poisonBlobThreshold: number;
  readonly queues: {
    readonly batchSize: number;
    /** More messages are taken once so few are under way. */
    readonly newBatchThreshold: number;
    readonly maxDequeueCount: number;
    /** How long a message that has failed waits for its next attempt. */
    readonly visibilityTimeoutMs: number;
    readonly maxPollingIntervalMs: number;
    readonly messageEncoding: MessageEncoding;
  };
}

const DEFAULT_FUNCTION_TIMEOUT_MS = 30 * 60_000;
const DEFAULT_BATCH_SIZE = 16;

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const timeSpan = v.pipe(
  v.string(),
  v.check((text) => text === "-1" || parseTimeSpan(text) !== undefined, 'must be a time like "00:10:00"'),
);

const levels: readonly string[] = LOG_LEVELS;
const level = v.pipe(
  v.string(),
  v.check((text) => levels.includes(text.toLowerCase()), `must be one of ${levels.join(", ")}`),
);

const HostJson = v.looseObject({
  version: v.literal("2.0"),
  functionTimeout: v.optional(timeSpan),
  logging: v.optional(v.looseObject({ logLevel: v.optional(v.record(v.string(), level)) })),
  extensions: v.optional(
    v.looseObject({
      http: v.optional(v.looseObject({ routePrefix: v.optional(v.string()) })),
      durableTask: v.optional(
        v.looseObject({
          // https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-task-hubs
          hubName: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9]{2,44}$/))),
          maxConcurrentActivityFunctions: v.optional(count),
          maxConcurrentOrchestratorFunctions: v.optional(count),
          maxOrchestrationActions: v.optional(count),
        }),
      ),
      blobs: v.optional(
        v.looseObject({ maxDegreeOfParallelism: v.optional(count), poisonBlobThreshold: v.optional(count) }),
      ),
      // https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#host-json
      queues: v.optional(
        v.looseObject({
          batchSize: v.optional(v.pipe(count, v.maxValue(32))),
          newBatchThreshold: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
          maxDequeueCount: v.optional(count),
          visibilityTimeout: v.optional(timeSpan),
          maxPollingInterval: v.optional(timeSpan),
          messageEncoding: v.optional(v.pipe(v.string(), v.toLowerCase(), v.picklist(["base64", "none"]))),
        }),
      ),
    }),
  ),
});

/** Reports everything that is wrong at once. */
export function readHostJson(appFolder: string, settings: AppSettings): HostSettings {
  const path = join(appFolder, "host.json");
  if (!existsSync(path)) {
    throw new UserError("NoHostJson", `There is no ${path}`, {
      hint: 'Choose the folder of a function app with --app. The smallest host.json is { "version": "2.0" }.',
    });
  }
  const parsed = v.safeParse(HostJson, resolveNames(parseJson(path), settings));
  if (!parsed.success) {
    const problems = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "the file"}: ${issue.message}`);
    throw new UserError("BadHostJson", `${path} is not valid: ${problems.join("; ")}`, {
      hint: "https://learn.microsoft.com/azure/azure-functions/functions-host-json describes every setting.",
    });
  }
  const { functionTimeout, logging, extensions = {} } = parsed.output;
  const { http = {}, durableTask = {}, blobs = {}, queues = {} } = extensions;
  const cores = availableParallelism();
  return {
    routePrefix: (http.routePrefix ?? "api").replace(/^\/+|\/+$/g, ""),
    functionTimeoutMs: readTimeout(functionTimeout),
    logLevels: logging?.logLevel ?? {},
    hubName: durableTask.hubName ?? "TestHubName",
    maxConcurrentActivityFunctions: durableTask.maxConcurrentActivityFunctions ?? 10 * cores,
    maxConcurrentOrchestratorFunctions: durableTask.maxConcurrentOrchestratorFunctions ?? 10 * cores,
    maxOrchestrationActions: durableTask.maxOrchestrationActions ?? 100_000,
    maxDegreeOfParallelism: blobs.maxDegreeOfParallelism ?? 8 * cores,
    poisonBlobThreshold: blobs.poisonBlobThreshold ?? 5,
    queues: {
      batchSize: queues.batchSize ?? DEFAULT_BATCH_SIZE,
      newBatchThreshold: queues.newBatchThreshold ?? Math.floor((queues.batchSize ?? DEFAULT_BATCH_SIZE) / 2),
      maxDequeueCount: queues.maxDequeueCount ?? 5,
      visibilityTimeoutMs: parseTimeSpan(queues.visibilityTimeout ?? "") ?? 0,
      maxPollingIntervalMs: parseTimeSpan(queues.maxPollingInterval ?? "") ?? 60_000,
      messageEncoding: queues.messageEncoding ?? "base64",
    },
  };
}

/** `[d.]hh:mm:ss[.fff]` in milliseconds. */
export function parseTimeSpan(text: string): number | undefined {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?$/.exec(text);
  if (match === null) return undefined;
  const [, days = "0", hours = "0", minutes = "0", seconds = "0"] = match;
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

function readTimeout(text: string | undefined): number {
  if (text === "-1") return Number.POSITIVE_INFINITY;
  return parseTimeSpan(text ?? "") ?? DEFAULT_FUNCTION_TIMEOUT_MS;
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new UserError("BadHostJson", `${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** Any text may refer to app settings, as `%NAME%`. */
function resolveNames(value: unknown, settings: AppSettings): unknown {
  if (typeof value === "string") return resolveSettings(value, settings, "host.json");
  if (Array.isArray(value)) return value.map((item) => resolveNames(item, settings));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveNames(item, settings)]));
}
