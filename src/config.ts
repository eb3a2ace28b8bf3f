import type { BatchSettings } from "./batchSettings.ts";
import { readBatch } from "./batchSettings.ts";
import type { Environment } from "./model/settings.ts";
import { SettingsReader } from "./model/settings.ts";
import { WORKLOADS } from "./workloads/index.ts";
import type { Workload } from "./workloads/workload.ts";

/** Every setting of the app, read once. The README's table and local.settings.example.json list the same names. */
export interface Config {
  /** Where the storage account is. */
  readonly storage: StorageSettings;
  readonly batch: BatchSettings;
  /** Who is told of the end of each conversion. */
  readonly notify: NotifySettings;
  readonly containers: {
    readonly input: string;
    readonly output: string;
    readonly staging: string;
    readonly application: string;
  };
  readonly triggerSource: "LogsAndContainerScan" | "EventGrid";
  /** Whether the HTTP API is for those who have signed in to the site, instead of those who have its key. */
  readonly apiSignIn: boolean;
  /** Those that WORKLOADS chooses, for new blobs. */
  readonly workloads: readonly Workload[];
  /** Blobs that were last modified before that are left alone; undefined: none are. */
  readonly notBefore: Date | undefined;
  /** By name of the workload, for all there are: conversions by one that was switched off still run to their end. */
  readonly scriptEnvironments: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** How long the queue may stand still while a conversion waits; 0: as long as it takes. */
  readonly waitingTimeoutMinutes: number;
  readonly convertingTimeoutMinutes: number;
  /** NCRONTAB expressions with six fields, in UTC. */
  readonly sweepSchedule: string;
  readonly tendPoolSchedule: string;
  readonly cleanUpSchedule: string;
  /** How long the histories and tasks of finished conversions are kept. */
  readonly retentionDays: number;
}

/** Either a connection string, or the addresses of the services and an Entra identity. */
export interface StorageSettings {
  readonly connectionString: string | undefined;
  readonly blobServiceUri: string | undefined;
  readonly queueServiceUri: string | undefined;
  /** Of a user-assigned identity. */
  readonly clientId: string | undefined;
}

export interface NotifySettings {
  /** Name of a storage queue. Undefined: none is told. */
  readonly queue: string | undefined;
  readonly webhook: WebhookSettings | undefined;
}

export interface WebhookSettings {
  /** May hold a secret of the receiver. */
  readonly url: string;
  /** `whsec_` and the key in Base64. */
  readonly secret: string;
}

/** The connection name of the blob trigger: the prefix of the storage settings. */
export const STORAGE_CONNECTION = "STORAGE";
const QUEUE_SERVICE_URI = `${STORAGE_CONNECTION}__queueServiceUri`;

/** Reads every setting before it complains, so that one run shows everything. Throws a `ConfigurationError`. */
export function readConfig(env: Environment): Config {
  const read = new SettingsReader(env);
  const clientId = readClientId(read);
  const config: Config = {
    storage: readStorage(read, clientId),
    batch: readBatch(read, clientId),
    notify: readNotify(read),
    containers: {
      input: readContainer(read, "INPUT_CONTAINER", "input"),
      output: readContainer(read, "OUTPUT_CONTAINER", "output"),
      staging: readContainer(read, "STAGING_CONTAINER", "work"),
      application: readContainer(read, "APPLICATION_CONTAINER", "application"),
    },
    triggerSource: read.oneOf("BLOB_TRIGGER_SOURCE", ["LogsAndContainerScan", "EventGrid"]),
    apiSignIn: readApiSignIn(read),
    workloads: readWorkloads(read),
    notBefore: read.time("NOT_BEFORE"),
    scriptEnvironments: Object.fromEntries(WORKLOADS.map((workload) => [workload.name, workload.environment(read)])),
    waitingTimeoutMinutes: read.integer("WAITING_TIMEOUT_MINUTES", 10_080, 0, 43_200),
    convertingTimeoutMinutes: read.integer("CONVERTING_TIMEOUT_MINUTES", 360, 1, 2_880),
    sweepSchedule: readSchedule(read, "SWEEP_SCHEDULE", "0 */5 * * * *"),
    tendPoolSchedule: readSchedule(read, "TEND_POOL_SCHEDULE", "30 */5 * * * *"),
    cleanUpSchedule: readSchedule(read, "CLEAN_UP_SCHEDULE", "0 30 3 * * *"),
    retentionDays: read.integer("RETENTION_DAYS", 30, 1, 365),
  };
  const names = Object.values(config.containers);
  if (new Set(names).size < names.length) {
    read.problem(
      `the four containers must differ, not be ${names.join(", ")}: a result in the input container could be converted again`,
    );
  }
  read.throwIfAny();
  return config;
}

/** The workloads that WORKLOADS chooses. Throws a `ConfigurationError` if it names one that does not exist. */
export function chosenWorkloads(env: Environment): readonly Workload[] {
  const read = new SettingsReader(env);
  const workloads = readWorkloads(read);
  read.throwIfAny();
  return workloads;
}

function readWorkloads(read: SettingsReader): readonly Workload[] {
  const chosen = read.someOf(
    "WORKLOADS",
    WORKLOADS.map(({ name }) => name),
  );
  return WORKLOADS.filter(({ name }) => chosen.includes(name));
}

/**
 * Whoever reaches a site without its authentication could claim to be anybody.
 * https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
 */
function readApiSignIn(read: SettingsReader): boolean {
  const isOn = read.oneOf("API_SIGN_IN", ["false", "true"]) === "true";
  const isInAzure = read.optional("WEBSITE_SITE_NAME") !== undefined;
  const isProtected = read.optional("WEBSITE_AUTH_ENABLED")?.toLowerCase() === "true";
  if (isOn && isInAzure && !isProtected) {
    read.problem(
      "API_SIGN_IN is true, but the authentication of the site is off: turn that on first, or the app is open",
    );
  }
  return isOn;
}

function readStorage(read: SettingsReader, clientId: string | undefined): StorageSettings {
  const connectionString = read.optional(STORAGE_CONNECTION);
  const blobServiceUri = read.optional(`${STORAGE_CONNECTION}__blobServiceUri`);
  if (connectionString === undefined && blobServiceUri === undefined) {
    read.problem(
      `${STORAGE_CONNECTION} is not set: give a connection string, or ${STORAGE_CONNECTION}__blobServiceUri to sign in with Entra ID`,
    );
  }
  if (blobServiceUri !== undefined) read.url(`${STORAGE_CONNECTION}__blobServiceUri`);
  const queueServiceUri = read.optional(QUEUE_SERVICE_URI);
  if (queueServiceUri !== undefined) read.url(QUEUE_SERVICE_URI);
  return { connectionString, blobServiceUri, queueServiceUri, clientId };
}

function readNotify(read: SettingsReader): NotifySettings {
  const queue = read.optional("NOTIFY_QUEUE");
  // https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata
  if (queue !== undefined && !/^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(queue)) {
    read.problem(`NOTIFY_QUEUE must be 3 to 63 lower-case letters, digits and single hyphens, not "${queue}"`);
  }
  if (queue !== undefined && !read.optional(STORAGE_CONNECTION) && !read.optional(QUEUE_SERVICE_URI)) {
    read.problem(`${QUEUE_SERVICE_URI} is not set: NOTIFY_QUEUE needs it`);
  }
  const url = read.optional("NOTIFY_URL");
  const secret = read.optional("NOTIFY_SECRET") ?? "";
  if (url === undefined) return { queue, webhook: undefined };
  // Neither is shown: the URL may hold a key of the receiver.
  if (!isSafeUrl(url)) {
    read.problem("NOTIFY_URL must be a URL that starts with https://, or with http:// on this machine only");
  }
  const key = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1] ?? "";
  const keyBytes = Buffer.from(key, "base64").length;
  if (keyBytes < 24 || keyBytes > 64) {
    const how = "whsec_ and 24 to 64 random bytes in Base64; `echo whsec_$(openssl rand -base64 32)` makes one";
    read.problem(`NOTIFY_SECRET, which signs what is sent to NOTIFY_URL, must be ${how}`);
  }
  return { queue, webhook: { url, secret } };
}

function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && ["127.0.0.1", "[::1]", "localhost"].includes(hostname));
}

/** Of the app's one identity. The Functions host reads the first for its triggers, the identity library the second. */
function readClientId(read: SettingsReader): string | undefined {
  const names = [`${STORAGE_CONNECTION}__clientId`, "AZURE_CLIENT_ID"] as const;
  const [ofStorage, ofApp] = names.map((name) => read.optional(name));
  if (ofStorage !== undefined && ofApp !== undefined && ofStorage !== ofApp) {
    read.problem(`${names.join(" and ")} must name the same identity, not ${ofStorage} and ${ofApp}`);
  }
  return ofApp ?? ofStorage;
}

/** https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata */
function readContainer(read: SettingsReader, name: string, fallback: string): string {
  const pattern = /^(?!.*--)[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]$/;
  return read.matching(name, fallback, pattern, "be 3 to 63 lower-case letters, digits and single hyphens");
}

/** https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions */
function readSchedule(read: SettingsReader, name: string, fallback: string): string {
  const fields = "{second} {minute} {hour} {day} {month} {day of week}";
  return read.matching(name, fallback, /^\S+(\s+\S+){5}$/, `have six fields, ${fields}`);
}
