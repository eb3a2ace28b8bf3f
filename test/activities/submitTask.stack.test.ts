import { beforeEach, test } from "vitest";
import type { SubmitTaskInput } from "../../src/activities/submitTask.ts";
import { submitTask } from "../../src/activities/submitTask.ts";
import type { CompletedTask, NewTask, TaskReading, TaskRef } from "../../src/model/batchTask.ts";
import type { Services } from "../../src/services.ts";
import { stagedBlobs } from "../../src/results/staging.ts";
import { azuriteServices, useAzurite } from "../azuriteServices.ts";

const VIDEO = { container: "input", name: "a.mp4" };
const PLACE = { poolId: "pool", jobId: "job" };
const CONVERSION_ID = "0123456789abcdef0123456789abcdef";

const azurite = useAzurite();
let services: Services;
let added: string[];
let newest: NewTask | undefined;
let readings: TaskReading[];
let deleted: TaskRef[];
let terminated: TaskRef[];
/** What happens while the task is added. */
let whileAdding: () => Promise<unknown>;

beforeEach(async () => {
  const storage = await azuriteServices(azurite.connectionString);
  [added, deleted, terminated, readings] = [[], [], storage.terminated, []];
  whileAdding = async () => {};
  const batch: Services["batch"] = {
    ...storage.services.batch,
    ensurePoolAndJob: async () => {
      throw new Error("Looking must not make anything");
    },
    findJob: async () => PLACE,
    readTask: async () => readings.shift() ?? { state: "lost", reason: "gone" },
    addTask: async (task) => {
      const { taskId } = task;
      newest = task;
      added.push(taskId);
      await whileAdding();
      return { ...PLACE, taskId };
    },
    deleteTask: async (task) => void deleted.push(task),
  };
  services = { ...storage.services, batch };
});

async function uploaded(content: string, metadata: Record<string, string> = {}): Promise<SubmitTaskInput> {
  const video = { ...VIDEO, container: services.config.containers.input };
  await services.blobs.writeText(video, content, { contentType: "video/mp4", metadata });
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

test("a file that would fill the disk of a node gets no task", async ({ expect }) => {
  const batch = { ...services.config.batch, nodeDiskBytes: 25, taskSlotsPerNode: 2 };
  const small = { ...services, config: { ...services.config, batch } };

  expect(await submitTask(small, await uploaded("ten bytes "))).toMatchObject({
    status: "refused",
    failure: { code: "InputTooLarge" },
  });
  expect(added).toEqual([]);
  expect(await submitTask(small, await uploaded("nine byte"))).toMatchObject({ status: "submitted" });
});

test("the options in the metadata of the file take precedence over the settings", async ({ expect }) => {
  const input = await uploaded("video", { Mp3drop_Quality: "2", mp3drop_mono: "true", artist: "me" });

  const submitted = await submitTask(services, input);
  expect(newest?.environment).toEqual({
    MP3_BITRATE_KBPS: "192",
    MP3_QUALITY: "2",
    MP3_MONO: "true",
    AUDIO_LANGUAGE: "",
    MP3_LOUDNESS_LUFS: "",
    TRIM_START_SECONDS: "",
    TRIM_END_SECONDS: "",
  });
  expect(submitted).toMatchObject({ submission: { options: { bitrate: null, quality: 2, mono: true, start: null } } });
});

test("a wrong option is refused before a task is added", async ({ expect }) => {
  const input = await uploaded("video", { mp3drop_bitrate: "100" });

  expect(await submitTask(services, input)).toMatchObject({
    status: "refused",
    failure: { code: "BadOptions", message: expect.stringContaining("mp3drop_bitrate must be one of 64, 96") },
  });
  expect(added).toEqual([]);
});

test("the cover beside the video is staged, read-only and for this one blob", async ({ expect }) => {
  const container = services.config.containers.input;
  await services.blobs.writeText({ container, name: "cover.JPG" }, "picture", { contentType: "image/jpeg" });
  await services.blobs.writeText({ container, name: "cover.jpg.txt" }, "notes", { contentType: "text/plain" });

  await submitTask({ ...services, now: () => new Date() }, await uploaded("video"));
  const url = new URL(newest?.inputs["cover"] ?? "");
  expect(url.pathname).toMatch(new RegExp(`/${container}/cover.JPG$`));
  expect(Object.fromEntries(url.searchParams)).toMatchObject({ sr: "b", sp: "r" });
  expect(await (await fetch(url)).text()).toBe("picture");
});

test("without a cover the task gets the script and the input only", async ({ expect }) => {
  await submitTask(services, await uploaded("video"));

  expect(Object.keys(newest?.inputs ?? {})).toEqual(["task.sh", "input"]);
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

function told({ source, ...input }: SubmitTaskInput, metadata: Record<string, string>): SubmitTaskInput {
  return { ...input, source, facts: { sizeBytes: 5, lastModified: "2026-01-01T12:00:00.000Z", metadata } };
}

test("an input of which the event has told needs no look before its task is added", async ({ expect }) => {
  const input = told(await uploaded("video"), { mp3drop_mono: "true" });
  const { blobs } = services;
  const looks: (readonly string[])[] = [];
  const properties: Services["blobs"]["properties"] = async (blob) => {
    looks.push([...added]);
    return blobs.properties(blob);
  };

  const submitted = await submitTask({ ...services, blobs: { ...blobs, properties } }, input);

  expect(submitted).toMatchObject({ status: "submitted", submission: { options: { mono: true } } });
  expect(looks).toEqual([added, added]);
});

test("an input that was replaced after the event has told of it gets its task taken back", async ({ expect }) => {
  const older = await uploaded("video one");
  await uploaded("video two");

  expect(await submitTask(services, told(older, {}))).toEqual({ status: "superseded" });
  expect(deleted).toEqual([OWN_TASK]);
});

test("a task of an earlier attempt is ended even when the input is gone", async ({ expect }) => {
  const input = await uploaded("video one");
  await services.blobs.delete(input.source);
  const abandoned = { ...PLACE, taskId: `${CONVERSION_ID}-1` };

  expect(await submitTask(services, { ...input, abandoned })).toEqual({ status: "deleted" });
  expect(terminated).toEqual([abandoned]);
  expect(added).toEqual([]);
});

async function record(attempt: number, conversionId = CONVERSION_ID): Promise<void> {
  const address = { container: services.config.containers.output, name: "a.mp3.json" };
  const metadata = { conversionid: conversionId, attempt: String(attempt) };
  await services.blobs.writeText(address, "{}", { contentType: "application/json", metadata });
}

const OWN_TASK = { ...PLACE, taskId: `${CONVERSION_ID}-2` };

test("a call that nobody waits for any more, because its attempt has its record, takes back what it has added", async ({
  expect,
}) => {
  const input = await uploaded("video");
  await record(2);

  expect(await submitTask(services, input)).toEqual({ status: "superseded" });
  expect([added, deleted]).toEqual([[OWN_TASK.taskId], [OWN_TASK]]);
});

test("a call that is so late that its attempt is recorded while it adds the task takes it back", async ({ expect }) => {
  whileAdding = () => record(2);

  expect(await submitTask(services, await uploaded("video"))).toEqual({ status: "superseded" });
  expect([added, deleted]).toEqual([[OWN_TASK.taskId], [OWN_TASK]]);
});

test("an input that is replaced or deleted while its task is added takes the task back", async ({ expect }) => {
  whileAdding = () => uploaded("another video");
  expect(await submitTask(services, await uploaded("video"))).toEqual({ status: "superseded" });

  whileAdding = () => services.blobs.delete(input.source);
  const input = await uploaded("video");
  expect(await submitTask(services, input)).toEqual({ status: "deleted" });
  expect(deleted).toEqual([OWN_TASK, OWN_TASK]);
});

test("the record of an earlier attempt, or of another version, does not keep a task from being added", async ({
  expect,
}) => {
  const input = await uploaded("video");

  await record(1);
  expect(await submitTask(services, input)).toMatchObject({ status: "submitted" });
  await record(7, "fedcba9876543210fedcba9876543210");
  expect(await submitTask(services, input)).toMatchObject({ status: "submitted" });
  expect(deleted).toEqual([]);
});

test("where there is no job, there is no task to take back, and none is made", async ({ expect }) => {
  const input = await uploaded("video");
  await uploaded("another video");
  const batch = { ...services.batch, findJob: async () => undefined };

  expect(await submitTask({ ...services, batch }, input)).toEqual({ status: "superseded" });
  expect(deleted).toEqual([]);
});

const WAITS: TaskReading = { state: "active", addedAt: null };
const RUNS: TaskReading = { state: "running", startedAt: "2026-01-01T12:30:00.000Z" };
const ENDED: CompletedTask = {
  state: "completed",
  succeeded: false,
  exitCode: null,
  failure: { code: "TaskEnded", message: "Task Was Ended by User Request" },
  startedAt: null,
  endedAt: "2026-01-01T12:30:00.000Z",
  nodeId: null,
};

test("a task that waits is ended before another one with fresh access takes its place, with the same staging folder", async ({
  expect,
}) => {
  const input = await uploaded("video");
  readings = [WAITS, ENDED];
  await submitTask(services, input);
  const first = newest;

  const output = await submitTask(services, { ...input, replaced: { task: OWN_TASK, renewal: 0 } });

  expect(output).toMatchObject({ submission: { task: { taskId: `${CONVERSION_ID}-2-1` }, renewal: 1 } });
  expect(terminated).toEqual([OWN_TASK]);
  expect(newest?.outputs.map(({ blobName }) => blobName)).toEqual(first?.outputs.map(({ blobName }) => blobName));
});

test.for<[string, TaskReading[]]>([
  ["has begun", [RUNS]],
  ["begins just when it is to be ended, and is still there", [WAITS, RUNS]],
  ["has done its work just when it is to be ended", [WAITS, { ...ENDED, succeeded: true, failure: null }]],
  ["is lost", [{ state: "lost", reason: "Job mp3drop is disabled" }]],
])("no other task takes the place of one that %s", async ([, seen], { expect }) => {
  const input = { ...(await uploaded("video")), replaced: { task: OWN_TASK, renewal: 0 } };
  readings = [...seen];

  expect(await submitTask(services, input)).toEqual({ status: "notWaiting" });
  expect(added).toEqual([]);
});

test("a replacement whose answer was lost is repeated without harm, and taken back where nobody wants it", async ({
  expect,
}) => {
  const input = { ...(await uploaded("video")), replaced: { task: OWN_TASK, renewal: 0 } };
  readings = [WAITS, ENDED, ENDED];

  expect(await submitTask(services, input)).toEqual(await submitTask(services, input));
  await uploaded("another video");
  expect(await submitTask(services, input)).toEqual({ status: "superseded" });
  expect(deleted).toEqual([{ ...PLACE, taskId: `${CONVERSION_ID}-2-1` }]);
});

test("access lasts for four days of waiting, the conversion and an hour, from when the task was added", async ({
  expect,
}) => {
  const input = await uploaded("video");
  const addTask = async ({ taskId }: NewTask) => ({ ...PLACE, taskId, addedBefore: "2026-01-01T00:00:00.000Z" });

  expect(await submitTask(services, input)).toMatchObject({ submission: { accessUntil: "2026-01-05T19:30:00.000Z" } });
  const again = await submitTask({ ...services, batch: { ...services.batch, addTask } }, input);
  expect(again).toMatchObject({ submission: { accessUntil: "2026-01-05T07:00:00.000Z", task: { jobId: "job" } } });
});

test("with an identity of its node, a task gets plain addresses, and its access has no end", async ({ expect }) => {
  const nodeIdentityId =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/n";
  const { config } = services;
  const withIdentity = { ...services, config: { ...config, batch: { ...config.batch, nodeIdentityId } } };

  const output = await submitTask(withIdentity, await uploaded("video"));

  expect(output).toMatchObject({ submission: { accessUntil: null } });
  expect(newest?.identityId).toBe(nodeIdentityId);
  expect(JSON.stringify(newest)).not.toMatch(/[?&]sig=/);
  expect(newest?.inputs["input"]).toBe(services.blobs.url({ ...VIDEO, container: config.containers.input }));
  expect(newest?.outputs[0]?.containerUrl).toMatch(new RegExp(`/${config.containers.staging}$`));
});
