import type { DurableClient } from "durable-functions";
import { StorageError } from "../model/errors.ts";
import { parseTime } from "../model/time.ts";
import type { Services } from "../services.ts";
import { IndexRepair } from "./indexRepair.ts";
import { leaveNote, readNote } from "./note.ts";
import type { SweepLimits } from "./sweepRun.ts";
import { SweepRun } from "./sweepRun.ts";
import { PLACE_BLOB, beginningAt, parsePlace } from "./sweepPlace.ts";

interface SweepResult {
  /** How many conversions there should be of the blobs that this run has seen. */
  readonly conversions: number;
  /** Names of the blobs whose conversion was started, or started again. */
  readonly started: readonly string[];
  /** Why some conversions could not be checked; the next round tries again. */
  readonly problems: readonly string[];
  readonly roundBeganAt: Date;
  /** Whether every blob has been seen since then. If not, the next run goes on where this one has stopped. */
  readonly isRoundComplete: boolean;
}

/**
 * A page of a listing is one request. A conversion leaves two blobs, so two of three pages list results: 100,000 recorded
 * blobs fit into one run. One million take some 600 pages, and with up to four that each run reads again, eleven runs. A
 * missed blob is found in the round in which it was missed, or in the next one: at the default schedule within ten minutes
 * in a container that fits into one run, and within two hours among a million.
 *
 * A check is a request for the status of a conversion without a record; where that is missed or lost, some more follow
 * that start it. So of 10,000 conversions that are all running, each is checked in one run of five.
 */
const LIMITS: SweepLimits = { pageSize: 5_000, pages: 60, checks: 2_000 };

/**
 * Starts what the trigger has missed, and what was lost: every conversion of a blob's current version that has no record,
 * and no orchestration that will write one. It sees the blobs in rounds, each run going on where the one before has
 * stopped, so what a run costs is bounded, and so is the time until a blob is seen.
 *
 * Runs at the same time do no harm: what they see twice is started once, and either place to go on from is right.
 */
export async function sweep(services: Services, client: DurableClient, limits = LIMITS): Promise<SweepResult> {
  const note = await readNote(services, PLACE_BLOB, parsePlace);
  const problems: string[] = [];
  const complain = (what: string) => (error: unknown) => void problems.push(`${what}: ${String(error)}`);
  const index = (await IndexRepair.begin(services, client).catch(complain("the list of conversions"))) ?? undefined;
  const begin = (place = beginningAt(services.now())): SweepRun => new SweepRun(services, client, limits, place, index);
  let run = begin(note.content);
  try {
    try {
      await run.goOn();
    } catch (error) {
      if (note.content === undefined || !isRefusal(error)) throw error;
      run = begin();
      await run.goOn();
    }
  } finally {
    if (run.hasMoved || run.isComplete) {
      const place = run.isComplete ? undefined : run.place;
      await leaveNote(services, PLACE_BLOB, note, place).catch(complain("where the next sweep goes on"));
    }
  }
  problems.push(...((await index?.finish()) ?? []));
  return {
    conversions: run.conversions,
    started: run.started,
    problems: [...run.problems, ...problems],
    roundBeganAt: parseTime(run.place.beganAt),
    isRoundComplete: run.isComplete,
  };
}

/**
 * The service says so where it does not understand, or no longer, which page we mean:
 * https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes (`OutOfRangeInput` and others).
 */
function isRefusal(error: unknown): boolean {
  return error instanceof StorageError && error.statusCode === 400;
}
