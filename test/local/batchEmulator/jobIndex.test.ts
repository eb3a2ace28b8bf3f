import { join } from "node:path";
import { test } from "vitest";
import { Store } from "../../../src/local/batchEmulator/model/store.ts";
import { parseNewJob } from "../../../src/local/batchEmulator/requestBodies/jobBodies.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const TIME = "2026-01-01T12:00:00Z";
const POOL = { poolId: "Pool" };

function addJob(store: Store, id: string) {
  return store.addJob({
    id,
    seq: store.nextSeq(),
    spec: { ...parseNewJob({ id: "job", poolInfo: POOL }), id },
    eTag: "0x1",
    lastModified: TIME,
    creationTime: TIME,
    state: "active",
    stateTransitionTime: TIME,
    startTime: TIME,
  });
}

function found({ jobIndex }: Store) {
  const ids = [jobIndex.ofPool("pool"), jobIndex.ofPool("OTHER"), jobIndex.ofSchedule("s"), jobIndex.ofSchedule("b")];
  return ids.map((jobs) => [...jobs].map(({ record }) => record.id));
}

test("jobs are found by their pool and their schedule until they move or go, also when the journal is read", ({
  expect,
}) => {
  const path = join(temporaryFolder(), "journal.jsonl");
  const store = new Store(path);
  const [first, second] = ["S:job-1", "S:job-2", "S:job-3", "b"].map((id) => addJob(store, id));
  if (first === undefined || second === undefined) throw new Error("There are four");

  store.moveJob(first, (record) => {
    record.spec = { ...record.spec, poolInfo: { ...POOL, poolId: "other" } };
  });
  store.removeJob(second);
  const before = found(store);
  store.close();
  const again = new Store(path);

  expect(before).toEqual([["S:job-3", "b"], ["S:job-1"], ["S:job-1", "S:job-3"], []]);
  expect(found(again)).toEqual(before);
  again.close();
});
