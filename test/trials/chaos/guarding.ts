import { setTimeout as delay } from "node:timers/promises";
import type { ContainerClient } from "@azure/storage-blob";
import { mp3 as workload } from "../../../src/workloads/mp3/index.ts";
import { resultNamesFor } from "../../../src/workloads/resultNames.ts";
import type { ChaosStack } from "./chaosStack.ts";
import { containerOf, unlessMissing } from "./containers.ts";
import type { Pace, PlannedGuard } from "./plan.ts";
import type { Uploading } from "./uploading.ts";

const POLL_MS = 250;
const FINITE_LEASE_SECONDS = 15;
/** How long to wait for the first version's record. It may have gone with its container, and then comes late. */
const PATIENCE_MS = 120_000;

interface GuardingOptions {
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

/**
 * Uploads a video and, when its results are there, takes a lease on one of them or makes a snapshot of it, as people and
 * backup programs do. Then a new version of the video comes.
 */
export async function guard(
  { name, contents, what, on, atMs }: PlannedGuard,
  stack: ChaosStack,
  uploading: Uploading,
  { pace, signal }: GuardingOptions,
): Promise<void> {
  await delay(atMs, undefined, { signal });
  const [first, second] = contents;
  const output = containerOf(stack.connection, "output");
  const names = resultNamesFor(workload, name);
  const { conversionId } = await uploading.upload(name, first, "once");
  await untilRecorded(output, names.record, conversionId, signal);
  const release = await takeHold(output, names[on], what);
  if (release !== undefined) stack.count(`${what} on a ${on}`);
  await uploading.upload(name, second, "once");
  if (what !== "infinite lease") return;
  await delay(pace.infiniteLeaseMs, undefined, { signal });
  await release?.();
}

async function untilRecorded(
  output: ContainerClient,
  record: string,
  conversionId: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const found = await unlessMissing(output.getBlobClient(record).getProperties());
    if (found?.metadata?.["conversionid"] === conversionId) return;
    await delay(POLL_MS, undefined, { signal });
  }
}

/** Returns how to let go; undefined if there is nothing to hold, because the container was deleted. */
async function takeHold(
  output: ContainerClient,
  name: string,
  what: PlannedGuard["what"],
): Promise<(() => Promise<void>) | undefined> {
  const blob = output.getBlobClient(name);
  if (what === "snapshot") return (await unlessMissing(blob.createSnapshot())) && (async () => {});
  const lease = blob.getBlobLeaseClient();
  const taken = await unlessMissing(lease.acquireLease(what === "infinite lease" ? -1 : FINITE_LEASE_SECONDS));
  return taken && (() => unlessGone(lease.releaseLease()));
}

/** With its container, a blob loses its leases; another blob may be in its place now. */
async function unlessGone(release: Promise<unknown>): Promise<void> {
  await release.catch((error: { statusCode?: number }) => {
    if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
  });
}
