import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { services } from "../azure/azureServices.ts";
import { whyTooLarge } from "../model/nodeDisk.ts";
import { addSeconds } from "../model/time.ts";
import type { UploadTicket } from "../model/upload.ts";
import type { WorkloadOptions } from "../workloads/options.ts";
import { metadataFor, parseNamed } from "../workloads/options.ts";
import type { Workload } from "../workloads/workload.ts";
import { accepts } from "../workloads/workload.ts";
import { Refusal } from "./http/answers.ts";
import { apiRoute } from "./http/api.ts";
import type { JsonObject } from "./http/jsonBody.ts";
import { bad, readJsonObject, textIn } from "./http/jsonBody.ts";
import { blockBytesFor, secondsFor } from "./http/uploadSizes.ts";
import { whyBadName } from "./http/uploadNames.ts";

apiRoute("createUpload", { route: "uploads", method: "POST", handler: createUpload });

/**
 * Gives the right to write one blob of the input container, for as long as an upload of its size may take. The bytes go
 * straight to storage, and the app hears of them as of any other upload.
 */
async function createUpload(request: HttpRequest): Promise<HttpResponseInit> {
  const { blobs, config, now } = services();
  const body = await readJsonObject(request, ["name", "sizeBytes", "options", "overwrite"]);
  const name = readName(body);
  const sizeBytes = readSize(body);
  const overwrite = readOverwrite(body);
  const takers = config.workloads.filter((workload) => accepts(workload, name));
  if (takers.length === 0) {
    const takes = config.workloads.map(({ takes: what, suffixes }) => `${what} (${suffixes.join(", ")})`);
    throw new Refusal(400, "NameNotTaken", `Nothing is made of "${name}": the app takes ${takes.join(" and ")}.`);
  }
  const metadata = readOptions(body, takers);
  const tooLarge = whyTooLarge(config.batch, sizeBytes);
  if (tooLarge !== undefined) throw new Refusal(413, tooLarge.code, `${tooLarge.message}. ${tooLarge.hint}`);

  const address = { container: config.containers.input, name };
  if (!overwrite && (await blobs.properties(address)) !== undefined) {
    const detail = `There is already a file "${name}". Give yours another name, or send "overwrite": true.`;
    throw new Refusal(409, "UploadExists", detail);
  }
  const expiresOn = addSeconds(now(), secondsFor(sizeBytes));
  const ticket: UploadTicket = {
    url: await blobs.uploadUrl(address, expiresOn),
    method: "PUT blocks",
    // Not the type of the blob: with that, Azurite takes the list of blocks for the content of the blob.
    headers: {
      ...Object.fromEntries(Object.entries(metadata).map(([key, value]) => [`x-ms-meta-${key}`, value])),
      // Whoever is faster has uploaded it.
      ...(!overwrite && { "if-none-match": "*" }),
    },
    blockBytes: blockBytesFor(sizeBytes),
    expiresAt: expiresOn.toISOString(),
    ...address,
  };
  return { status: 201, jsonBody: ticket };
}

function readName(body: JsonObject): string {
  const name = textIn(body, "name") ?? "";
  const problem = whyBadName(name);
  if (problem !== undefined) throw new Refusal(400, "BadName", problem);
  return name;
}

function readSize({ sizeBytes }: JsonObject): number {
  if (typeof sizeBytes === "number" && Number.isSafeInteger(sizeBytes) && sizeBytes > 0) return sizeBytes;
  throw bad(`sizeBytes must be a whole number of 1 or more, not ${JSON.stringify(sizeBytes) ?? "missing"}.`);
}

function readOverwrite({ overwrite = false }: JsonObject): boolean {
  if (typeof overwrite === "boolean") return overwrite;
  throw bad(`overwrite must be true or false, not ${JSON.stringify(overwrite)}.`);
}

const NO_OPTIONS: WorkloadOptions = { table: [], used: () => ({}) };

/** As metadata of the blob. Where several workloads take it, each option is one of at least one of them. */
function readOptions({ options = {} }: JsonObject, takers: readonly Workload[]): Record<string, string> {
  if (options === null || typeof options !== "object" || Array.isArray(options)) {
    throw bad(`options must be a JSON object, not ${JSON.stringify(options)}.`);
  }
  const known = new Set(takers.flatMap((workload) => workload.options?.table.map(({ name }) => name) ?? []));
  const metadata: Record<string, string> = {};
  for (const { options: choices = NO_OPTIONS } of takers) {
    const isOwn = (name: string): boolean => !known.has(name) || choices.table.some((one) => one.name === name);
    const own = Object.entries(options).filter(([name]) => isOwn(name));
    const { chosen, failure } = parseNamed(choices, Object.fromEntries(own));
    if (failure !== undefined) throw new Refusal(400, failure.code, failure.message);
    Object.assign(metadata, metadataFor(choices, chosen));
  }
  return metadata;
}
