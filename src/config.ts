import { ConfigurationError } from "./model/errors.ts";

/** Every setting of the app, read once. The README's table and local.settings.example.json list the same names. */
export interface Config {
  /** Prefix of the settings that say where the storage account is; also the connection of the blob trigger. */
  readonly storage: StorageSettings;
  readonly batch: BatchSettings;
  readonly containers: {
    readonly input: string;
    readonly output: string;
    readonly staging: string;
    readonly application: string;
  };
  readonly triggerSource: "LogsAndContainerScan" | "EventGrid";
  readonly mp3BitrateKbps: number;
  /** ISO 639-2; undefined: no preference. */
  readonly audioLanguage: string | undefined;
  readonly waitingTimeoutMinutes: number;
  readonly convertingTimeoutMinutes: number;
  /** NCRONTAB expressions with six fields, in UTC. */
  readonly sweepSchedule: string;
  readonly cleanUpSchedule: string;
  /** How long histories of finished conversions and what failed ones left behind are kept. */
  readonly retentionDays: number;
}

/** Either a connection string, or the address of the blob service and an Entra identity. */
export interface StorageSettings {
  readonly connectionString: string | undefined;
  readonly blobServiceUri: string | undefined;
  /** Of a user-assigned identity. */
  readonly clientId: string | undefined;
}

export interface BatchSettings {
  readonly endpoint: string;
  readonly apiVersion: string;
  /** Undefined: sign in with Entra ID. */
  readonly sharedKey: { readonly accountName: string; readonly key: string } | undefined;
  readonly clientId: string | undefined;
  readonly poolId: string;
  readonly jobId: string;
  readonly vmSize: string;
  /** publisher:offer:sku, looked up among the verified images of the account. */
  readonly image: { readonly publisher: string; readonly offer: string; readonly sku: string };
  readonly dedicatedNodes: number;
  readonly spotNodes: number;
  readonly taskSlotsPerNode: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The connection name of the blob trigger: the prefix of the storage settings. */
export const STORAGE_CONNECTION = "STORAGE";

/** Reads every setting before it complains, so that one run shows all that is wrong. Throws a `ConfigurationError`. */
export function readConfig(env: Environment): Config {
  const read = new SettingsReader(env);
  const config: Config = {
    storage: readStorage(read),
    batch: readBatch(read),
    containers: {
      input: read.container("INPUT_CONTAINER", "input"),
      output: read.container("OUTPUT_CONTAINER", "output"),
      staging: read.container("STAGING_CONTAINER", "work"),
      application: read.container("APPLICATION_CONTAINER", "application"),
    },
    triggerSource: read.oneOf("BLOB_TRIGGER_SOURCE", ["LogsAndContainerScan", "EventGrid"]),
    mp3BitrateKbps: Number(read.oneOf("MP3_BITRATE_KBPS", ["192", "64", "96", "128", "160", "256", "320"])),
    audioLanguage: read.language("AUDIO_LANGUAGE"),
    waitingTimeoutMinutes: read.integer("WAITING_TIMEOUT_MINUTES", 240, 1, 2_880),
    convertingTimeoutMinutes: read.integer("CONVERTING_TIMEOUT_MINUTES", 360, 1, 2_880),
    sweepSchedule: read.schedule("SWEEP_SCHEDULE", "0 */5 * * * *"),
    cleanUpSchedule: read.schedule("CLEAN_UP_SCHEDULE", "0 30 3 * * *"),
    retentionDays: read.integer("RETENTION_DAYS", 30, 1, 365),
  };
  const names = Object.values(config.containers);
  if (new Set(names).size < names.length) {
    read.problem(
      `the four container settings must differ: ${names.join(", ")}. An MP3 in the input container would loop`,
    );
  }
  read.throwIfAny();
  return config;
}

function readStorage(read: SettingsReader): StorageSettings {
  const connectionString = read.optional(STORAGE_CONNECTION);
  const blobServiceUri = read.optional(`${STORAGE_CONNECTION}__blobServiceUri`);
  if (connectionString === undefined && blobServiceUri === undefined) {
    read.problem(
      `${STORAGE_CONNECTION} is not set: give a connection string, or ${STORAGE_CONNECTION}__blobServiceUri to sign in with Entra ID`,
    );
  }
  if (blobServiceUri !== undefined) read.url(`${STORAGE_CONNECTION}__blobServiceUri`);
  return { connectionString, blobServiceUri, clientId: read.optional(`${STORAGE_CONNECTION}__clientId`) };
}

function readBatch(read: SettingsReader): BatchSettings {
  const accountName = read.optional("BATCH_ACCOUNT_NAME");
  const key = read.optional("BATCH_ACCOUNT_KEY");
  if (key !== undefined && accountName === undefined) {
    read.problem("BATCH_ACCOUNT_NAME is not set: it is needed beside BATCH_ACCOUNT_KEY");
  }
  const dedicatedNodes = read.integer("BATCH_DEDICATED_NODES", 1, 0, 100);
  const spotNodes = read.integer("BATCH_SPOT_NODES", 0, 0, 100);
  if (dedicatedNodes + spotNodes === 0) {
    read.problem("BATCH_DEDICATED_NODES and BATCH_SPOT_NODES are both 0: nothing would ever be converted");
  }
  return {
    endpoint: read.url("BATCH_ACCOUNT_ENDPOINT"),
    apiVersion: read.text("BATCH_API_VERSION", "2022-10-01.16.0"),
    sharedKey: key !== undefined && accountName !== undefined ? { accountName, key } : undefined,
    clientId: read.optional("AZURE_CLIENT_ID"),
    poolId: read.batchId("BATCH_POOL_ID", "mp3drop"),
    jobId: read.batchId("BATCH_JOB_ID", "mp3drop"),
    vmSize: read.text("BATCH_VM_SIZE", "standard_d2s_v5"),
    image: read.image("BATCH_NODE_IMAGE", "canonical:ubuntu-24_04-lts:server"),
    dedicatedNodes,
    spotNodes,
    taskSlotsPerNode: read.integer("BATCH_TASK_SLOTS_PER_NODE", 2, 1, 256),
  };
}

class SettingsReader {
  readonly #env: Environment;
  readonly #problems: string[] = [];

  constructor(env: Environment) {
    this.#env = env;
  }

  problem(text: string): void {
    this.#problems.push(text);
  }

  throwIfAny(): void {
    if (this.#problems.length > 0) throw new ConfigurationError(this.#problems);
  }

  optional(name: string): string | undefined {
    return this.#env[name]?.trim() || undefined;
  }

  text(name: string, fallback?: string): string {
    const value = this.optional(name) ?? fallback;
    if (value === undefined) this.problem(`${name} is not set`);
    return value ?? "";
  }

  url(name: string): string {
    const value = this.text(name);
    // The value is not shown: somebody may have put a connection string here.
    if (value !== "" && !(/^https?:\/\//.test(value) && URL.canParse(value))) {
      this.problem(`${name} must be a URL that starts with https://`);
    }
    return value;
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const value = Number(this.text(name, String(fallback)));
    if (!Number.isInteger(value) || value < min || value > max) {
      this.problem(`${name} must be a whole number from ${min} to ${max}, not "${this.#env[name]}"`);
    }
    return value;
  }

  /** The first choice is the default. */
  oneOf<const Choices extends readonly [string, ...string[]]>(name: string, choices: Choices): Choices[number] {
    const value = this.text(name, choices[0]);
    if (!choices.includes(value)) this.problem(`${name} must be one of ${choices.join(", ")}, not "${value}"`);
    return value;
  }

  /** https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata */
  container(name: string, fallback: string): string {
    const value = this.text(name, fallback);
    if (!/^(?!.*--)[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]$/.test(value)) {
      this.problem(`${name} must be 3 to 63 lower-case letters, digits and single hyphens, not "${value}"`);
    }
    return value;
  }

  /** https://learn.microsoft.com/rest/api/batchservice/job/add#request-body; the job's id also gets a suffix of ours. */
  batchId(name: string, fallback: string): string {
    const value = this.text(name, fallback);
    if (!/^[\w-]{1,56}$/.test(value)) this.problem(`${name} must be 1 to 56 letters, digits, _ or -, not "${value}"`);
    return value;
  }

  language(name: string): string | undefined {
    const value = this.optional(name);
    if (value !== undefined && !/^[a-z]{3}$/.test(value)) {
      this.problem(`${name} must be three lower-case letters as in ISO 639-2, for example eng, not "${value}"`);
    }
    return value;
  }

  /** https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions */
  schedule(name: string, fallback: string): string {
    const value = this.text(name, fallback);
    if (value.split(/\s+/).length !== 6) {
      this.problem(
        `${name} must have six fields, {second} {minute} {hour} {day} {month} {day of week}, not "${value}"`,
      );
    }
    return value;
  }

  image(name: string, fallback: string): BatchSettings["image"] {
    const value = this.text(name, fallback);
    const [publisher, offer, sku, ...rest] = value.split(":");
    if (!publisher || !offer || !sku || rest.length > 0) {
      this.problem(`${name} must look like publisher:offer:sku, not "${value}"`);
    }
    return { publisher: publisher ?? "", offer: offer ?? "", sku: sku ?? "" };
  }
}
