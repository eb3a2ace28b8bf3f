import { join } from "node:path";
import { test } from "vitest";
import { Store } from "../../../src/local/batchEmulator/model/store.ts";
import { parseNewJob } from "../../../src/local/batchEmulator/requestBodies/jobBodies.ts";
import { parseNewTask } from "../../../src/local/batchEmulator/requestBodies/taskBodies.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { readFileSync, statSync, writeFileSync } from "node:fs";

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

test("a journal of many changes is rewritten, and nothing is lost", ({ expect }) => {
  const path = join(temporaryFolder(), "journal.jsonl");
  const store = new Store(path);
  const job = addJobWithTasks(store, 10);
  let largest = 0;
  for (let round = 1; round <= 2_500; round++) {
    for (const task of job.tasks.values()) {
      store.progressTask(task, (progress) => {
        progress.execution.retryCount = round;
      });
    }
    store.commit();
    largest = Math.max(largest, statSync(path).size);
  }
  const task = [...job.tasks.values()][3];
  if (task !== undefined) store.removeTask(task);
  store.close();

  const again = new Store(path);

  const tasks = [...again.requireJob("JOB").tasks.values()];
  expect(statSync(path).size).toBeLessThan(largest / 2);
  expect(tasks.map(({ record }) => record.progress.execution.retryCount)).toEqual(Array(9).fill(2_500));
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
