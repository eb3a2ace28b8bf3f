import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "vitest";
import { isArchived } from "../../../src/local/batchEmulator/model/entities.ts";
import type { Task } from "../../../src/local/batchEmulator/model/entities.ts";
import { Store } from "../../../src/local/batchEmulator/model/store.ts";
import { parseNewJob } from "../../../src/local/batchEmulator/requestBodies/jobBodies.ts";
import { parseNewJobSchedule } from "../../../src/local/batchEmulator/requestBodies/jobScheduleBodies.ts";
import { parseNewTask } from "../../../src/local/batchEmulator/requestBodies/taskBodies.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { startVirtualFixture } from "./emulator.ts";

const TIME = "2026-01-01T12:00:00Z";
const VERSION = { eTag: "0x1", lastModified: TIME };

function addJobWithTasks(store: Store, tasks: number) {
  const spec = parseNewJob({ id: "job", poolInfo: { poolId: "pool" } });
  const job = store.addJob({
    id: "job",
    seq: store.nextSeq(),
    spec,
    ...VERSION,
    creationTime: TIME,
    state: "active",
    stateTransitionTime: TIME,
    startTime: TIME,
  });
  for (let i = 0; i < tasks; i++) {
    const progress = { ...VERSION, stateTransitionTime: TIME, execution: { retryCount: 0, requeueCount: 0 } };
    store.addTask(job, {
      id: `task-${i}`,
      seq: store.nextSeq(),
      creationTime: TIME,
      spec: parseNewTask({ id: `task-${i}`, commandLine: "work" }, spec),
      progress: { ...progress, state: "active" },
    });
  }
  return job;
}

function addJobSchedule(store: Store) {
  return store.addJobSchedule({
    id: "schedule",
    seq: store.nextSeq(),
    spec: parseNewJobSchedule({ id: "schedule", jobSpecification: { poolInfo: { poolId: "pool" } } }),
    ...VERSION,
    creationTime: TIME,
    state: "active",
    stateTransitionTime: TIME,
    jobCount: 1,
    recentJobId: "schedule:job-1",
  });
}

test("a journal of many changes is rewritten, and nothing is lost", ({ expect }) => {
  const path = join(temporaryFolder(), "journal.jsonl");
  const store = new Store(path, { compactAtBytes: 100_000 });
  const schedule = addJobSchedule(store);
  const job = addJobWithTasks(store, 10);
  let largest = 0;
  // 240 kB of entries.
  for (let round = 1; round <= 120; round++) {
    for (const key of job.tasks.keys()) {
      store.progressTask(store.requireTask(job, key), (progress) => {
        progress.execution.retryCount = round;
      });
    }
    store.commit();
    largest = Math.max(largest, statSync(path).size);
  }
  store.removeTask(store.requireTask(job, "task-3"));
  store.close();

  const again = new Store(path);

  const known = again.requireJob("JOB");
  expect(again.requireJobSchedule("SCHEDULE").record).toEqual(schedule.record);
  const tasks = [...known.tasks.keys()].map((key) => again.requireTask(known, key));
  expect(largest).toBeLessThan(120_000);
  expect(tasks.map(({ record }) => record.progress.execution.retryCount)).toEqual(Array(9).fill(120));
  expect(again.requireJob("job").counts).toMatchObject({ active: 9, running: 0, completed: 0 });
  expect(again.nextSeq()).toBeGreaterThan(11);
  again.close();
});

test("what is saved after the store was closed is not written, and does no harm", ({ expect }) => {
  const path = join(temporaryFolder(), "journal.jsonl");
  const store = new Store(path);
  const job = addJobWithTasks(store, 1);
  store.close();

  store.saveJob(job);
  store.commit();

  const again = new Store(path);
  expect(again.jobs.size).toBe(1);
  again.close();
});

test("a journal with an entry of no known kind is refused, and so is one that is incomplete", ({ expect }) => {
  for (const entry of [
    '{"v":{}}',
    '{"task":"t","of":"j"}',
    '{"job":"j","v":null,"x":1}',
    '{"progress":"t","of":"j","v":null}',
    '{"job":"j","v":{"id":"j","seq":1}}',
  ]) {
    const path = join(temporaryFolder(), "journal.jsonl");
    writeFileSync(path, `{"kind":"batch-emulator","version":1}\n${entry}\n`);

    expect(() => new Store(path), entry).toThrow(`${path} is damaged at line 2`);
  }
});

test("an entry whose thing has another id than the entry is refused", ({ expect }) => {
  const path = join(temporaryFolder(), "journal.jsonl");
  const store = new Store(path);
  addJobWithTasks(store, 1);
  store.close();
  writeFileSync(path, readFileSync(path, "utf8").replace('{"task":"task-0"', '{"task":"task-1"'));

  expect(() => new Store(path)).toThrow(`${path} is damaged at line 3`);
});

const END = { satisfies: true };

function complete(store: Store, task: Task): void {
  store.completeTask(task, END, (progress) => {
    progress.state = "completed";
    progress.execution.result = "success";
  });
}

/** Three tasks of which the first two are completed and archived. */
function storeWithArchive() {
  const folder = temporaryFolder();
  const path = join(folder, "journal.jsonl");
  const store = new Store(path);
  const job = addJobWithTasks(store, 3);
  store.commit();
  for (const id of ["task-0", "task-1"]) complete(store, store.requireTask(job, id));
  store.close();
  return { path, archive: join(folder, "archive", "1.jsonl") };
}

test("of many completed tasks memory holds no record, and the files hold each once", ({ expect }) => {
  const folder = temporaryFolder();
  const path = join(folder, "journal.jsonl");
  const options = { compactAtBytes: 50_000, maxSegmentBytes: 50_000 };
  const store = new Store(path, options);
  const job = addJobWithTasks(store, 200);
  for (const round of [1, 2, 3]) {
    for (const key of job.tasks.keys()) {
      const task = store.requireTask(job, key);
      complete(store, task);
      store.commit();
      if (round === 3) continue;
      store.progressTask(task, (progress) => {
        progress.state = "active";
        progress.execution.retryCount = round;
      });
    }
  }
  const isInMemory = [...job.tasks.values()].some((task) => !isArchived(task));
  const sizeOf = (name: string) => statSync(join(folder, "archive", name)).size;
  const archivedBytes = readdirSync(join(folder, "archive")).reduce((sum, name) => sum + sizeOf(name), 0);
  const recordBytes = JSON.stringify(store.requireTask(job, "task-7").record).length;
  store.close();

  const again = new Store(path, options);
  const known = again.requireJob("job");

  expect(isInMemory).toBe(false);
  expect(statSync(path).size).toBeLessThan(200 * 250 + 50_000);
  expect(archivedBytes).toBeLessThan(3 * 200 * recordBytes);
  expect(known.counts).toMatchObject({ active: 0, completed: 200, succeeded: 200, failed: 0 });
  expect([...known.tasks.keys()]).toEqual(Array.from({ length: 200 }, (_, i) => `task-${i}`));
  const retries = [...known.tasks.keys()].map(
    (key) => again.requireTask(known, key).record.progress.execution.retryCount,
  );
  expect(new Set(retries)).toEqual(new Set([2]));
  again.close();
});

test("a completed task that changes and becomes active again in one turn is active after a restart", ({ expect }) => {
  const { path } = storeWithArchive();
  const store = new Store(path);
  const task = store.requireTask(store.requireJob("job"), "task-0");
  complete(store, task);
  task.end = undefined;
  store.progressTask(task, (progress) => {
    progress.state = "active";
  });
  store.close();

  const again = new Store(path);
  expect(again.requireTask(again.requireJob("job"), "task-0").record.progress.state).toBe("active");
  expect(again.requireJob("job").counts).toMatchObject({ active: 2, completed: 1 });
  again.close();
});

test("wherever a crash cuts the journal, a task is as it was before or after its completion", ({ expect }) => {
  const { path } = storeWithArchive();
  const journal = readFileSync(path);
  const found = new Set<string>();

  for (let length = journal.length; length > journal.indexOf("\n"); length -= 61) {
    const copy = temporaryFolder();
    cpSync(dirname(path), copy, { recursive: true });
    truncateSync(join(copy, "journal.jsonl"), length);
    const store = new Store(join(copy, "journal.jsonl"));
    const job = store.jobs.get("job");
    for (const key of job?.tasks.keys() ?? []) {
      if (job !== undefined) found.add(store.requireTask(job, key).record.progress.state);
    }
    if (job !== undefined) expect(job.counts.active + job.counts.completed).toBe(job.tasks.size);
    store.close();
  }

  expect([...found].toSorted()).toEqual(["active", "completed"]);
});

test("a completion whose line in the archive was only half written has not happened", ({ expect }) => {
  const { path, archive } = storeWithArchive();
  const [head = "", body = ""] = readFileSync(archive, "utf8").split("\n");
  writeFileSync(archive, `${head}\n${body.slice(0, 100)}`);
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  writeFileSync(path, `${lines.slice(0, -1).join("\n")}\n`);

  const store = new Store(path);
  const job = store.requireJob("job");
  complete(store, store.requireTask(job, "task-2"));
  store.close();

  const again = new Store(path);
  const states = [...job.tasks.keys()].map(
    (key) => again.requireTask(again.requireJob("job"), key).record.progress.state,
  );
  expect(states).toEqual(["completed", "active", "completed"]);
  again.close();
});

test("damage anywhere in the archive is named, at the start or by whoever asks for the task", ({ expect }) => {
  const { path, archive } = storeWithArchive();
  const bytes = readFileSync(archive);
  const damageAt = (place: number): string => {
    const damaged = Buffer.from(bytes);
    damaged[place] = (damaged[place] ?? 0) ^ 1;
    writeFileSync(archive, damaged);
    const copy = temporaryFolder();
    cpSync(dirname(path), copy, { recursive: true });
    let store: Store | undefined;
    try {
      store = new Store(join(copy, "journal.jsonl"));
      const job = store.requireJob("job");
      for (const key of job.tasks.keys()) store.requireTask(job, key);
      return "not found";
    } catch (error) {
      return (error as { code: string }).code;
    } finally {
      store?.close();
    }
  };

  const places = Array.from({ length: Math.floor(bytes.length / 37) }, (_, i) => i * 37);
  expect(places.length).toBeGreaterThan(20);
  expect(new Set(places.map(damageAt))).toEqual(new Set(["DamagedData"]));
});

test("a journal of the first version is read, and what has completed in it is there", async ({ expect }) => {
  const dataFolder = temporaryFolder();
  const path = join(dataFolder, "batch", "journal.jsonl");
  mkdirSync(dirname(path));
  const store = new Store(path);
  addJobWithTasks(store, 2);
  store.close();
  const [, ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
  const execution = { retryCount: 0, requeueCount: 0, endTime: TIME, exitCode: 0, result: "success" };
  const progress = { ...VERSION, state: "completed", stateTransitionTime: TIME, execution };
  const completed = { progress: "task-1", of: "job", v: progress };
  const first = [{ kind: "batch-emulator", version: 1 }, ...lines.map((line) => JSON.parse(line) as object), completed];
  writeFileSync(path, first.map((line) => `${JSON.stringify(line)}\n`).join(""));

  const { client, emulator } = await startVirtualFixture({ dataFolder });
  const before = await client.task.get("job", "task-1");
  await emulator.stop();
  const again = await startVirtualFixture({ dataFolder });

  expect(before).toMatchObject({ state: "completed", executionInfo: { exitCode: 0, result: "success" } });
  expect((await again.client.task.list("job")).map(({ id, state }) => [id, state])).toEqual([
    ["task-0", "active"],
    ["task-1", "completed"],
  ]);
  expect((await again.client.job.getTaskCounts("job")).taskCounts).toMatchObject({ active: 1, completed: 1 });
  expect(readFileSync(path, "utf8")).toContain('{"archived":"task-1","of":"job"');
});
