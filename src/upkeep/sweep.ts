import type { DurableClient } from "durable-functions";
import type { Conversion } from "../model/conversion.ts";
import { isDirectory } from "../model/directory.ts";
import { addSeconds } from "../model/time.ts";
import { METADATA } from "../results/targets.ts";
import type { ListedBlob, Services } from "../services.ts";
import { resultNamesFor } from "../workloads/resultNames.ts";
import { accepts } from "../workloads/workload.ts";
import { createLookup } from "./sortedLookup.ts";
import { startOnce } from "./starting.ts";
import { tryEach } from "./tryEach.ts";

interface SweepResult {
  /** How many conversions there should be. */
  readonly conversions: number;
  /** Names of the blobs whose conversion was started, or started again. */
  readonly started: readonly string[];
  /** Why some conversions could not be checked; the next sweep tries again. */
  readonly problems: readonly string[];
  /** False if time ran out before all blobs had been checked. */
  readonly isComplete: boolean;
}

/** A younger upload is left to the trigger. */
const GRACE_SECONDS = 120;
/**
 * With that of the terminations, and a last round of slow requests, below the time limit of a function in host.json: a
 * function that exceeds it takes its whole process down.
 */
const BUDGET_SECONDS = 150;
const AT_ONCE = 16;

/**
 * Starts what the trigger has missed, and what was lost: every conversion of a blob's current version that has no record,
 * and no orchestration that will write one.
 *
 * When all is well, this costs the listing of two containers and one request for each running conversion.
 */
export async function sweep(services: Services, client: DurableClient): Promise<SweepResult> {
  const { blobs, config, now } = services;
  const youngest = addSeconds(now(), -GRACE_SECONDS);
  const deadline = addSeconds(now(), BUDGET_SECONDS);
  const findRecord = createLookup(blobs.list(config.containers.output));
  const settling = new Settling(services, client);

  let conversions = 0;
  let isComplete = true;
  for await (const blob of blobs.list(config.containers.input)) {
    if (isDirectory(blob.metadata)) continue;
    for (const workload of config.workloads.filter((candidate) => accepts(candidate, blob.name))) {
      conversions++;
      if (blob.lastModified > youngest) continue;
      const record = await findRecord(resultNamesFor(workload, blob.name).record);
      if (record?.metadata[METADATA.sourceETag] === blob.eTag) continue;
      await settling.add({ workload: workload.name, source: versionOf(blob, config.containers.input) });
    }
    if (now() > deadline) {
      isComplete = false;
      break;
    }
  }
  await settling.flush();
  return { conversions, started: settling.started, problems: settling.problems, isComplete };
}

function versionOf({ name, eTag }: ListedBlob, container: string): Conversion["source"] {
  return { container, name, eTag };
}

function nameOf({ source }: Conversion): string {
  return source.name;
}

/** Checks the conversions without a record, some at a time. */
class Settling {
  readonly started: string[] = [];
  readonly problems: string[] = [];
  readonly #services: Services;
  readonly #client: DurableClient;
  #waiting: Conversion[] = [];

  constructor(services: Services, client: DurableClient) {
    this.#services = services;
    this.#client = client;
  }

  async add(conversion: Conversion): Promise<void> {
    this.#waiting.push(conversion);
    if (this.#waiting.length >= AT_ONCE) await this.flush();
  }

  async flush(): Promise<void> {
    const conversions = this.#waiting;
    this.#waiting = [];
    const { results, problems } = await tryEach(conversions, nameOf, async (conversion) => ({
      name: nameOf(conversion),
      start: await startOnce(this.#services, this.#client, conversion),
    }));
    this.started.push(...results.filter(({ start }) => start === "started").map(({ name }) => name));
    this.problems.push(...problems);
  }
}
