import type { DurableClient } from "durable-functions";
import { addSeconds } from "../model/time.ts";
import type { Services } from "../services.ts";
import { removeAbandonedBlobs } from "./abandonedBlobs.ts";
import { removeOldEntries } from "./oldEntries.ts";
import { removeDecided, removeOtherHistories } from "./oldHistories.ts";
import { Removal } from "./removal.ts";

interface CleanUpResult {
  readonly histories: number;
  readonly tasks: number;
  readonly stagedBlobs: number;
  /** Why some are still there; the next clean-up tries again. */
  readonly problems: readonly string[];
  /** What there was no time for; the next clean-up goes on with it. */
  readonly unfinished: readonly string[];
}

const DAY_SECONDS = 24 * 3600;

/**
 * After the last of these, a round of slow requests may take 90 seconds. All of it is below the time limit of a function
 * in host.json: a function that exceeds it takes its whole process down.
 */
const DECIDED_SECONDS = 90;
const BUDGET_SECONDS = 180;

/**
 * A history does not go before its tasks: a conversion that nobody remembers would count its attempts from 1, and meet them
 * again. So it stays some days longer, in which clean-ups may fail or run out of time.
 */
const LONGER_THAN_TASKS_SECONDS = 3 * DAY_SECONDS;

/** Long after a conversion that has ended has removed them itself. */
const STAGED_SECONDS = 2 * DAY_SECONDS;

/**
 * Removes what finished conversions have left behind for longer than the retention time. Results, records and logs in
 * the output container belong to the user and stay.
 *
 * Histories, tasks and staged blobs are removed at the same time, and each until its own time is up, so none can keep
 * another from being removed. What is left is done the next time: what is gone is not in the way any more, and for what
 * cannot be removed, every clean-up begins at another of 16 places, `firstPlace`.
 */
export async function cleanUp(
  services: Services,
  client: DurableClient,
  { firstPlace = Math.floor(Math.random() * 16) } = {},
): Promise<CleanUpResult> {
  const { config, now } = services;
  const began = now();
  const tasksBefore = addSeconds(began, -config.retentionDays * DAY_SECONDS);
  const historiesBefore = addSeconds(tasksBefore, -LONGER_THAN_TASKS_SECONDS);
  const stagedBefore = addSeconds(began, -STAGED_SECONDS);
  const until = (seconds: number): Removal => new Removal(now, addSeconds(began, seconds));

  const decided = until(DECIDED_SECONDS);
  const otherHistories = until(BUDGET_SECONDS);
  const tasks = until(BUDGET_SECONDS);
  const staged = until(BUDGET_SECONDS);
  const entries = until(BUDGET_SECONDS);
  await Promise.all([
    decided
      .try("histories", () => removeDecided(services, client, historiesBefore, firstPlace, decided))
      .then(() =>
        otherHistories.try("other histories", () =>
          removeOtherHistories(services, client, historiesBefore, otherHistories),
        ),
      ),
    tasks.try("Batch tasks", () => removeOldTasks(services, tasksBefore, tasks)),
    entries.try("the list of conversions", () => removeOldEntries(services, client, historiesBefore, entries)),
    staged.try("staged blobs", () => removeAbandonedBlobs(services, client, stagedBefore, firstPlace, staged)),
  ]);
  const all = [decided, otherHistories, tasks, staged, entries];
  return {
    histories: decided.count + otherHistories.count,
    tasks: tasks.count,
    stagedBlobs: staged.count,
    problems: all.flatMap(({ problems }) => problems),
    unfinished: all.flatMap(({ unfinished }) => unfinished),
  };
}

async function removeOldTasks({ batch }: Services, before: Date, removal: Removal): Promise<void> {
  await batch.deleteOldJobs(before);
  for await (const tasks of batch.listOldTasks(before)) {
    await removal.remove(
      tasks,
      ({ taskId }) => `task ${taskId}`,
      (task) => batch.deleteTask(task),
    );
    if (!removal.hasTime) return;
  }
}
