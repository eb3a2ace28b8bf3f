import { createHash } from "node:crypto";
import type { BlobServiceClient } from "@azure/storage-blob";
import { describeError, inWords, isRestError } from "../../azure/storageErrors.ts";
import type { Config } from "../../config.ts";
import { errorMessage } from "../../local/kit/errorText.ts";
import { WORKLOADS } from "../../workloads/index.ts";
import { DEAD_LETTER_CONTAINER } from "../azure/eventSubscriptions.ts";
import type { Check } from "./examine.ts";
import type { Finding } from "./finding.ts";
import { isWell, ok, unknown, warning, wrong } from "./finding.ts";

/** How a storage account is looked at. */
export interface StorageView {
  /** Throws where the settings say no address that could be used. */
  readonly connect: () => BlobServiceClient;
  readonly containers: Config["containers"];
  /** Whether a deployment has made the containers; otherwise the app makes some of them with its first sweep. */
  readonly isDeployed: boolean;
  /** Whether it is asked with a person's own sign-in, not with that of the app. */
  readonly isPersons: boolean;
  /** In milliseconds since 1970. */
  readonly now: () => number;
}

const MINUTE_MS = 60_000;
/** A signed URL is valid from so long before it is made, src/azure/urlSigner.ts: beyond that, URLs are refused. */
const WRONG_CLOCK_MS = 5 * MINUTE_MS;
const SUSPICIOUS_CLOCK_MS = MINUTE_MS;

/** All of a page; more than that is as bad. */
const MAX_DEAD_LETTERS = 5000;
const MAX_SCRIPT_BYTES = 1024 * 1024;

export function checkStorage(view: StorageView): Check {
  let account: BlobServiceClient | undefined;
  return {
    what: "storage",
    look: () => {
      try {
        account = view.connect();
      } catch {
        // Without its message, which may repeat the key.
        return [
          wrong("storage", "the connection string cannot be read", "Copy it from the access keys of the account."),
        ];
      }
      return reach(account, view);
    },
    next: (findings) => {
      const isReached = isWell(findings.filter(({ what }) => what === "storage"));
      return account !== undefined && isReached ? checksInside(account, view) : [];
    },
  };
}

function checksInside(account: BlobServiceClient, view: StorageView): Check[] {
  const { containers, isDeployed } = view;
  return [
    { what: "containers", look: () => checkContainers(account, view) },
    { what: `scripts in ${containers.application}`, look: () => checkScripts(account, containers.application) },
    ...(isDeployed ? [{ what: "dead letters", look: () => checkDeadLetters(account) }] : []),
  ];
}

/** Whether it answers, and the clock, which every answer shows. */
async function reach(account: BlobServiceClient, { containers, isPersons, now }: StorageView): Promise<Finding[]> {
  const askedAt = now();
  const clock = (date: Date | undefined): Finding[] =>
    date === undefined ? [] : [checkClock((askedAt + now()) / 2 - date.getTime())];
  try {
    const { date } = await account.getContainerClient(containers.input).getProperties();
    return [ok("storage", `${account.accountName} answers`), ...clock(date)];
  } catch (error) {
    if (!isRestError(error)) throw describeError("answer", error);
    const clockFindings = clock(dateOf(error.response?.headers.get("date")));
    if (error.statusCode === 404) return [ok("storage", `${account.accountName} answers`), ...clockFindings];
    const detail = errorMessage(describeError(`look at container ${containers.input}`, error));
    const isRefused = error.statusCode === 401 || error.statusCode === 403;
    const role = "Storage Blob Data Contributor";
    const refused = isPersons
      ? unknown("storage", detail, `You need the role ${role} on ${account.accountName}; a new one takes some minutes.`)
      : wrong("storage", detail, "Check the key in the connection string, the clock and the firewall of the account.");
    const failed = wrong("storage", detail, "Check that it runs, its address in the settings, and the network.");
    return [isRefused ? refused : failed, ...clockFindings];
  }
}

function dateOf(header: string | undefined): Date | undefined {
  const date = new Date(header ?? "");
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** `aheadMs`: by how much the clock of this machine is ahead. The service gives its own in whole seconds. */
function checkClock(aheadMs: number): Finding {
  const what = "clock of this machine";
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const detail = `it is ${seconds} s ${aheadMs > 0 ? "ahead of" : "behind"} that of the storage`;
  const hint = "Set it, best by a time service: requests and signed URLs are refused when clocks differ.";
  if (seconds * 1000 > WRONG_CLOCK_MS) return wrong(what, detail, hint);
  if (seconds * 1000 > SUSPICIOUS_CLOCK_MS) return warning(what, detail, hint);
  return ok(what, "it agrees with that of the storage");
}

async function checkContainers(
  account: BlobServiceClient,
  { containers, isDeployed }: StorageView,
): Promise<Finding[]> {
  const { input, output, staging, application } = containers;
  const names = [input, output, staging, application, ...(isDeployed ? [DEAD_LETTER_CONTAINER] : [])];
  const exist = await Promise.all(
    names.map((name) => inWords(`look for container ${name}`, account.getContainerClient(name).exists())),
  );
  const missing = names.filter((_, index) => !exist[index]);
  const present = names.filter((_, index) => exist[index]);
  const describe = (name: string): Finding => {
    const what = `container ${name}`;
    if (isDeployed) return wrong(what, "it does not exist", "Run `azd provision`, which makes it.");
    const isMadeByApp = name === staging || name === application;
    if (isMadeByApp) return ok(what, "the app makes it with its first sweep or conversion");
    return wrong(what, "it does not exist", "Make it, or restart `mp3drop local`: nothing arrives without it.");
  };
  return [...missing.map(describe), ...(present.length > 0 ? [ok("containers", `${present.join(", ")} exist`)] : [])];
}

/** Scripts are named by their content, whichever version of the app has put them there. Nobody else should write there. */
async function checkScripts(account: BlobServiceClient, application: string): Promise<Finding[]> {
  const what = `scripts in ${application}`;
  const container = account.getContainerClient(application);
  if (!(await inWords(`look for container ${application}`, container.exists()))) return [];
  const ours = new RegExp(`^(?:${WORKLOADS.map(({ name }) => name).join("|")})-([0-9a-f]{16})\\.sh$`);
  const changed: Finding[] = [];
  let count = 0;
  const { blobItems } = await inWords(`list container ${application}`, firstPage(container.listBlobsFlat()));
  for (const { name, properties } of blobItems) {
    const [, digest] = ours.exec(name) ?? [];
    if (digest === undefined) continue;
    count++;
    const isSmall = (properties.contentLength ?? 0) <= MAX_SCRIPT_BYTES;
    if (
      isSmall &&
      digestOf(await inWords(`read ${name}`, container.getBlobClient(name).downloadToBuffer())) === digest
    ) {
      continue;
    }
    const hint = `Find out who may write to ${application}. Nodes refuse it; the app puts its own back.`;
    changed.push(wrong(`script ${name}`, "somebody has changed it", hint));
  }
  if (changed.length > 0) return changed;
  if (count === 0) return [ok(what, "none yet: the app puts them there with its first sweep or conversion")];
  return [ok(what, `${count}, each as its name says`)];
}

function digestOf(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

async function checkDeadLetters(account: BlobServiceClient): Promise<Finding[]> {
  const container = account.getContainerClient(DEAD_LETTER_CONTAINER);
  if (!(await inWords(`look for container ${DEAD_LETTER_CONTAINER}`, container.exists()))) return [];
  const { blobItems, continuationToken } = await inWords(
    `list container ${DEAD_LETTER_CONTAINER}`,
    firstPage(container.listBlobsFlat()),
  );
  if (blobItems.length === 0) return [ok("dead letters", "none")];
  const newest = new Date(Math.max(...blobItems.map(({ properties }) => properties.lastModified.getTime())));
  const count = `${continuationToken ? "more than " : ""}${blobItems.length}`;
  return [
    warning(
      "dead letters",
      `${count} in container ${DEAD_LETTER_CONTAINER}, the newest of ${newest.toISOString()}: events that could not be delivered`,
      "The sweep converts those uploads. Read one for the reason, mend it, then delete them.",
    ),
  ];
}

interface Listing<Page> {
  byPage(settings: { maxPageSize: number }): AsyncIterableIterator<Page>;
}

interface PageOfBlobs<Blob> {
  readonly segment: { readonly blobItems: readonly Blob[] };
  readonly continuationToken?: string;
}

async function firstPage<Blob>(
  listing: Listing<PageOfBlobs<Blob>>,
): Promise<{ readonly blobItems: readonly Blob[]; readonly continuationToken: string | undefined }> {
  const { value } = await listing.byPage({ maxPageSize: MAX_DEAD_LETTERS }).next();
  const page = value as PageOfBlobs<Blob> | undefined;
  return { blobItems: page?.segment.blobItems ?? [], continuationToken: page?.continuationToken };
}
