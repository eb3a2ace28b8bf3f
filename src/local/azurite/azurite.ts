import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { optionArguments } from "../kit/childProcess.ts";
import type { ChildServiceEvents } from "../kit/childService.ts";
import { ChildService } from "../kit/childService.ts";
import { LOOPBACK } from "../kit/loopback.ts";
import { UserError } from "../kit/userError.ts";

export interface AzuritePorts {
  readonly blob: number;
  readonly queue: number;
  readonly table: number;
}

export interface AzuriteOptions {
  /** Where the blobs are kept. */
  readonly folder: string;
  readonly logFile: string;
  /** 0: any free port. */
  readonly ports: AzuritePorts;
  readonly env: NodeJS.ProcessEnv;
  readonly events?: ChildServiceEvents;
}

/** Fixed and public: https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key */
const ACCOUNT = "devstoreaccount1";
const ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/** Resolves with the ports that Azurite really listens on. */
export function startAzurite(options: AzuriteOptions): Promise<ChildService<AzuritePorts> & { ready: AzuritePorts }> {
  mkdirSync(options.folder, { recursive: true });
  return ChildService.start({
    name: "Azurite",
    script: findAzurite(),
    args: (previous) => azuriteArguments(options.folder, previous ?? options.ports),
    env: options.env,
    preloads: ["local/azurite/patches/savesOften.ts", "local/azurite/patches/loadsLess.ts"],
    logFile: options.logFile,
    createReadyReader: createAzuriteReadyReader,
    ...(options.events && { events: options.events }),
  });
}

export function azuriteConnectionString({ blob, queue, table }: AzuritePorts): string {
  const endpoint = (port: number): string => `http://${LOOPBACK}:${port}/${ACCOUNT}`;
  return [
    "DefaultEndpointsProtocol=http",
    `AccountName=${ACCOUNT}`,
    `AccountKey=${ACCOUNT_KEY}`,
    `BlobEndpoint=${endpoint(blob)}`,
    `QueueEndpoint=${endpoint(queue)}`,
    `TableEndpoint=${endpoint(table)}`,
    "",
  ].join(";");
}

/** Azurite says where it listens in one line per service. */
export function createAzuriteReadyReader(): (line: string) => AzuritePorts | undefined {
  const found = new Map<string, number>();
  return (line) => {
    const [, service, port] =
      /^Azurite (Blob|Queue|Table) service is successfully listening at .*:(\d+)$/.exec(line) ?? [];
    if (service !== undefined) found.set(service, Number(port));
    const [blob, queue, table] = ["Blob", "Queue", "Table"].map((name) => found.get(name));
    return blob !== undefined && queue !== undefined && table !== undefined ? { blob, queue, table } : undefined;
  };
}

function azuriteArguments(folder: string, ports: AzuritePorts): string[] {
  return [
    ...optionArguments({
      "--location": folder,
      "--blobHost": LOOPBACK,
      "--queueHost": LOOPBACK,
      "--tableHost": LOOPBACK,
      "--blobPort": ports.blob,
      "--queuePort": ports.queue,
      "--tablePort": ports.table,
    }),
    // The client library is ahead of Azurite's list of service versions.
    "--skipApiVersionCheck",
    "--silent",
    "--disableTelemetry",
  ];
}

function findAzurite(): string {
  try {
    return createRequire(import.meta.url).resolve("azurite/dist/src/azurite.js");
  } catch (cause) {
    throw new UserError("AzuriteMissing", "Azurite, the storage of the local stack, is not installed", {
      cause,
      hint: "Run `npm ci` without --omit=dev in the folder of mp3drop.",
    });
  }
}
