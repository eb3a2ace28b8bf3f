import { afterAll, beforeAll, beforeEach, test } from "vitest";
import { deleteInputs, findInputs } from "../../../src/cli/manage/convertedInputs.ts";
import { normalizeETag } from "../../../src/model/conversion.ts";
import { conversionIdOf } from "../../../src/model/identity.ts";
import { METADATA } from "../../../src/results/targets.ts";
import { mp3 } from "../../../src/workloads/mp3/index.ts";
import { resultNamesFor } from "../../../src/workloads/resultNames.ts";
import { temporaryFolder } from "../../local/temporaryFolder.ts";
import type { TestStorage } from "../standInApp.ts";
import { startStorage } from "../standInApp.ts";

const data = temporaryFolder(afterAll);
const { signal } = new AbortController();
let shared: TestStorage;

beforeAll(async () => {
  shared = await startStorage(data);
});
beforeEach(() => shared.clear());
afterAll(() => shared.stop());

const place = () => ({ storage: shared.storage, containers: { input: "input", output: "output" }, workloads: [mp3] });

async function upload(name: string, content = "video"): Promise<string> {
  const blob = shared.storage.getContainerClient("input").getBlockBlobClient(name);
  const { etag = "" } = await blob.upload(content, content.length);
  return normalizeETag(etag);
}

/** As the app leaves it. */
async function record(name: string, eTag: string, status: string): Promise<void> {
  const id = conversionIdOf("mp3", { container: "input", name, eTag });
  const blob = shared.storage.getContainerClient("output").getBlockBlobClient(resultNamesFor(mp3, name).record);
  await blob.upload("{}", 2, { metadata: { [METADATA.conversionId]: id, [METADATA.status]: status } });
}

async function inputNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of shared.storage.getContainerClient("input").listBlobsFlat()) names.push(name);
  return names;
}

test("only what has succeeded in its current version counts as converted", async ({ expect }) => {
  const long = `${"long ".repeat(203)}.mp4`;
  for (const name of ["talks/done.mp4", long]) await record(name, await upload(name), "succeeded");
  await record("failed.mp4", await upload("failed.mp4"), "failed");
  await record("cancelled.mp4", await upload("cancelled.mp4"), "cancelled");
  await record("replaced.mp4", await upload("replaced.mp4"), "succeeded");
  await upload("replaced.mp4", "newer");
  await upload("new.mp4");
  await upload("notes.pdf");

  const { converted, others } = await findInputs(place(), signal);

  expect(converted.map(({ name }) => name)).toEqual([long, "talks/done.mp4"]);
  expect(others).toBe(5);
});

test("what is replaced, leased or given a snapshot after the look stays, with the reason", async ({ expect }) => {
  const names = ["done.mp4", "gone.mp4", "leased.mp4", "replaced.mp4", "snapshot.mp4"];
  for (const name of names) await record(name, await upload(name), "succeeded");
  const { converted } = await findInputs(place(), signal);
  const container = shared.storage.getContainerClient("input");
  await container.deleteBlob("gone.mp4");
  await container.getBlobClient("leased.mp4").getBlobLeaseClient().acquireLease(-1);
  await upload("replaced.mp4", "newer");
  await container.getBlobClient("snapshot.mp4").createSnapshot();

  const { deleted, kept } = await deleteInputs(place(), converted, signal);
  await container.getBlobClient("leased.mp4").getBlobLeaseClient().breakLease(0);
  const left = await inputNames();
  await container.deleteBlob("snapshot.mp4", { deleteSnapshots: "include" });

  expect(deleted).toEqual(["done.mp4", "gone.mp4"]);
  expect(kept.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
    { name: "leased.mp4", code: "LeaseIdMissing", message: "somebody holds a lease on it" },
    { name: "replaced.mp4", code: "ConditionNotMet", message: "it has been replaced in the meantime" },
    { name: "snapshot.mp4", code: "SnapshotsPresent", message: "it has snapshots" },
  ]);
  expect(left).toEqual(["leased.mp4", "replaced.mp4", "snapshot.mp4"]);
});
