/** Limits of the service: https://learn.microsoft.com/azure/batch/batch-quota-limit */
export const LIMITS = {
  MAX_BODY_BYTES: 1_048_576,
  MAX_TASKS_PER_COLLECTION: 100,
  MAX_ID_LENGTH: 64,
  MAX_DISPLAY_NAME_LENGTH: 1024,
  MAX_POOL_PREFIX_LENGTH: 20,
  MAX_RESOURCE_FILES_CHARACTERS: 32_768,
  MAX_DEPENDENCY_IDS_CHARACTERS: 64_000,
  MAX_DEPENDENCY_RANGES: 1_000,
  MAX_NODES_TO_REMOVE: 100,
  MIN_PRIORITY: -1000,
  MAX_PRIORITY: 1000,
  MAX_SLOTS_PER_NODE: 256,
  MAX_RESULTS: 1000,
  MAX_RESULTS_NODE_COUNTS: 10,
  MAX_FORMULA_LENGTH: 8192,
  MAX_FORMULA_STATEMENTS: 100,
  MAX_CLOCK_SKEW_MS: 15 * 60_000,
  /** One enableautoscale per pool in this time; the next answers 503. */
  ENABLE_AUTOSCALE_PAUSE_MS: 30_000,
} as const;

export const HEADERS = {
  CLIENT_REQUEST_ID: "client-request-id",
  RETURN_CLIENT_REQUEST_ID: "return-client-request-id",
  REQUEST_ID: "request-id",
  DATE: "ocp-date",
  RANGE: "ocp-range",
  FILE_IS_DIRECTORY: "ocp-batch-file-isdirectory",
  FILE_MODE: "ocp-batch-file-mode",
  FILE_URL: "ocp-batch-file-url",
  DATA_SERVICE_ID: "DataServiceId",
} as const;

export const CONTENT_TYPE_JSON = "application/json;odata=minimalmetadata";

/** Longer than any client keeps a connection: one that closes under a request costs the client about 30 s. */
export const KEEP_ALIVE_MS = 75_000;

/** Ample for the largest request; who takes longer holds a connection, and maybe on purpose. */
export const REQUEST_TIMEOUT_MS = 60_000;

export const DURATIONS = {
  UNLIMITED: "P10675199DT2H48M5.4775807S",
  DEFAULT_RETENTION: "P7D",
  MAX_RELEASE_TIME: "PT15M",
  DEFAULT_RESIZE_TIMEOUT: "PT15M",
  MIN_RESIZE_TIMEOUT: "PT5M",
  MAX_RESIZE_TIMEOUT: "P7D",
  DEFAULT_AUTOSCALE_INTERVAL: "PT15M",
  MIN_AUTOSCALE_INTERVAL: "PT5M",
  MAX_AUTOSCALE_INTERVAL: "P7D",
  MIN_START_WINDOW: "PT1M",
  MIN_RECURRENCE_INTERVAL: "PT1M",
} as const;
