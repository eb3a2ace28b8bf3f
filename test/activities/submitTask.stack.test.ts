import { beforeEach, test } from "vitest";
import type { SubmitTaskInput } from "../../src/activities/submitTask.ts";
import { submitTask } from "../../src/activities/submitTask.ts";
import type { TaskRef } from "../../src/model/batchTask.ts";
import type { Services } from "../../src/services.ts";
import { stagedBlobs } from "../../src/results/staging.ts";
import { azuriteServices, useAzurite } from "../azuriteServices.ts";

const VIDEO = { container: "input", name: "a.mp4" };
const PLACE = { poolId: "pool", jobId: "job" };
const CONVERSION_ID = "0123456789abcdef0123456789abcdef";

const azurite = useAzurite();
let services: Services;
let added: string[];
let deleted: TaskRef[];
let terminated: TaskRef[];

beforeEach(async () => {
  const storage = await azuriteServices(azurite.connectionString);
  [added, deleted, terminated] = [[], [], storage.terminated];
  const batch: Services["batch"] = {
    ...storage.services.batch,
    ensurePoolAndJob: async () => PLACE,
    addTask: async ({ taskId }) => {
      added.push(taskId);
      return { ...PLACE, taskId };
    },
    deleteTask: async (task) => void deleted.push(task),
  };
  services = { ...storage.services, batch };
});

async function uploaded(content: string): Promise<SubmitTaskInput> {
  const video = { ...VIDEO, container: services.config.containers.input };
  await services.blobs.writeText(video, content, { contentType: "video/mp4" });
  const source = { ...video, eTag: (await services.blobs.properties(video))?.eTag ?? "" };
  return {
    conversionId: CONVERSION_ID,
    workload: "mp3",
    source,
    attempt: 2,
    startedAt: "2026-01-01T12:00:00.000Z",
    abandoned: null,
  };
}

test("the task of the newest version is added", async ({ expect }) => {
  expect(await submitTask(services, await uploaded("video one"))).toMatchObject({ status: "submitted" });
  expect(added).toEqual([`${CONVERSION_ID}-2`]);
});

test("a call that is repeated after the input was replaced takes back the task of the first call", async ({
  expect,
}) => {
  const older = await uploaded("video one");
  await submitTask(services, older);
  const staging = services.config.containers.staging;
  const { stderr } = stagedBlobs(staging, CONVERSION_ID, 1);
  await services.blobs.writeText(stderr, "the log of the first attempt", { contentType: "text/plain" });
  await uploaded("video two");

  expect(await submitTask(services, older)).toEqual({ status: "superseded" });
  expect(deleted).toEqual([{ ...PLACE, taskId: `${CONVERSION_ID}-2` }]);
  expect(await services.blobs.properties(stderr)).toBeUndefined();
});

test("a task of an earlier attempt is ended even when the input is gone", async ({ expect }) => {
  const input = await uploaded("video one");
  await services.blobs.delete(input.source);
  const abandoned = { ...PLACE, taskId: `${CONVERSION_ID}-1` };

  expect(await submitTask(services, { ...input, abandoned })).toEqual({ status: "deleted" });
  expect(terminated).toEqual([abandoned]);
  expect(added).toEqual([]);
});
