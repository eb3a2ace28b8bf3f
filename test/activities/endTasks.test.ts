import { test } from "vitest";
import { endTasks } from "../../src/activities/endTasks.ts";
import type { JobRef, TaskRef } from "../../src/model/batchTask.ts";
import type { Services } from "../../src/services.ts";

const conversionId = "0123456789abcdef0123456789abcdef";
const known = { poolId: "pool", jobId: "mp3drop", taskId: `${conversionId}-1` };

/** Services whose Batch can only look for its job and end tasks. */
function servicesWith(job: JobRef | undefined): { services: Services; ended: TaskRef[] } {
  const ended: TaskRef[] = [];
  const batch = { findJob: async () => job, terminateTask: async (task: TaskRef) => void ended.push(task) };
  return { services: { batch } as unknown as Services, ended };
}

test("the tasks that are known end, and so does one that may have been added", async ({ expect }) => {
  const { services, ended } = servicesWith({ poolId: "pool", jobId: "mp3drop-2" });

  await endTasks(services, { conversionId, tasks: [known], suspectedAttempt: 2 });

  expect(ended).toEqual([known, { poolId: "pool", jobId: "mp3drop-2", taskId: `${conversionId}-2` }]);
});

test("what may have been added in the place of a task that waits ends, too", async ({ expect }) => {
  const { services, ended } = servicesWith({ poolId: "pool", jobId: "mp3drop" });

  await endTasks(services, { conversionId, tasks: [known], suspectedAttempt: 1, suspectedRenewal: 1 });

  expect(ended).toEqual([known, { ...known, taskId: `${conversionId}-1-1` }]);
});

test("where there is no job, no task can have been added", async ({ expect }) => {
  const { services, ended } = servicesWith(undefined);

  await endTasks(services, { conversionId, tasks: [], suspectedAttempt: 1 });

  expect(ended).toEqual([]);
});
