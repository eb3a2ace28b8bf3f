import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { optionArguments } from "../kit/childProcess.ts";
import type { ChildServiceEvents } from "../kit/childService.ts";
import { ChildService } from "../kit/childService.ts";
import { LOOPBACK } from "../kit/loopback.ts";
import { UserError } from "../kit/userError.ts";
import { blobNewsIn, NEWS_VARIABLE } from "./news.ts";
import { createReadyReader } from "./readyLines.ts";
import type { AzuritePorts } from "./readyLines.ts";

interface AzuriteOptions {
  /** Where the blobs are kept. */
  readonly folder: string;
  readonly logFile: string;
  /** 0: any free port. */
  readonly ports: AzuritePorts;
  readonly env: NodeJS.ProcessEnv;
  /** In base64; the well-known key if not given. */
  readonly accountKey?: string | undefined;
  readonly events?: ChildServiceEvents;
}

/** Fixed and public: https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key */
const ACCOUNT = "devstoreaccount1";
const WELL_KNOWN_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/** Resolves with the ports that Azurite actually listens on. */
export function startAzurite(options: AzuriteOptions): Promise<ChildService<AzuritePorts> & { ready: AzuritePorts }> {
  mkdirSync(options.folder, { recursive: true });
  return ChildService.start({
    name: "Azurite",
    script: findAzurite(),
    args: (previous) => azuriteArguments(options.folder, previous ?? options.ports),
    env: {
      ...options.env,
      ...(options.accountKey !== undefined && onlyAccount(options.accountKey)),
      [NEWS_VARIABLE]: blobNewsIn(options.folder),
    },
    preloads: [
      "local/azurite/patches/keepsChanges.ts",
      // After the one that keeps what this tells of.
      "local/azurite/patches/tellsOfBlobs.ts",
      "local/azurite/patches/findsByName.ts",
      "local/azurite/patches/loadsLess.ts",
      // These load what they patch, and so come after the one that loads less.
      "local/azurite/patches/writesAtOnce.ts",
      "local/azurite/patches/readsInPlace.ts",
      // After the ones that write and read.
      "local/azurite/patches/hashesOnce.ts",
      "local/azurite/patches/matchesOnce.ts",
      "local/azurite/patches/dispatchesAmongFew.ts",
      "local/azurite/patches/refusesPages.ts",
      "local/azurite/patches/refusesNames.ts",
    ],
    logFile: options.logFile,
    createReadyReader,
    ...(options.events && { events: options.events }),
  });
}

/** `accountKey` as Azurite was started with. */
export function azuriteConnectionString(
  { blob, queue, table }: AzuritePorts,
  accountKey: string = WELL_KNOWN_KEY,
): string {
  const endpoint = (port: number): string => `http://${LOOPBACK}:${port}/${ACCOUNT}`;
  return [
    "DefaultEndpointsProtocol=http",
    `AccountName=${ACCOUNT}`,
    `AccountKey=${accountKey}`,
    `BlobEndpoint=${endpoint(blob)}`,
    `QueueEndpoint=${endpoint(queue)}`,
    `TableEndpoint=${endpoint(table)}`,
    "",
  ].join(";");
}

/** https://learn.microsoft.com/azure/storage/common/storage-use-azurite#custom-storage-accounts-and-keys */
function onlyAccount(key: string): NodeJS.ProcessEnv {
  return { AZURITE_ACCOUNTS: `${ACCOUNT}:${key}` };
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
  const require = createRequire(import.meta.url);
  try {
    const manifest = require.resolve("azurite/package.json");
    const { bin } = require(manifest) as { bin: { azurite: string } };
    return join(dirname(manifest), bin.azurite);
  } catch (cause) {
    throw new UserError("AzuriteMissing", "Azurite, the storage of the local stack, is not installed", {
      cause,
      hint: "Run `npm ci` without --omit=dev in the folder of mp3drop, or `npm install azurite` where it is a package of yours.",
    });
  }
}
