import type { Output } from "../../local/kit/commandLine/output.ts";
import { printable } from "../../local/kit/commandLine/printable.ts";
import { formatBytes } from "../format.ts";
import { deleteJobs, deletePool, findJobs, findPool } from "./batchLeftovers.ts";
import type { Places } from "./cleanPlaces.ts";
import type { KeptInput } from "./convertedInputs.ts";
import { deleteInputs, findInputs } from "./convertedInputs.ts";
import { listPages } from "./listPages.ts";
import type { ManagedApp } from "./openApp.ts";

export const CLEAN_SUBJECTS = ["inputs", "job", "pool"] as const;
export type CleanSubject = (typeof CLEAN_SUBJECTS)[number];

interface Cleaning {
  readonly app: ManagedApp;
  readonly places: Places;
  readonly subjects: readonly CleanSubject[];
  readonly isYes: (question: string) => Promise<boolean>;
  readonly output: Output;
  readonly signal: AbortSignal;
}

interface Cleaned {
  readonly inputs: { readonly deleted: readonly string[]; readonly kept: readonly KeptInput[] };
  readonly jobs: { readonly deleted: readonly string[] };
  readonly pool: { readonly deleted: string | null };
}

/** Deletes what the answers allow. `isAllDone` is false if something stayed although the answer was yes. */
export async function clean(cleaning: Cleaning): Promise<{ done: Cleaned; isAllDone: boolean }> {
  const { subjects } = cleaning;
  const wantsBatch = subjects.includes("job") || subjects.includes("pool");
  const inputs = subjects.includes("inputs") ? await cleanInputs(cleaning) : { deleted: [], kept: [] };
  const isBatchFree = wantsBatch && (await mayTouchBatch(cleaning));
  const jobs = isBatchFree && subjects.includes("job") ? await cleanJobs(cleaning) : [];
  const pool = isBatchFree && subjects.includes("pool") ? await cleanPool(cleaning) : null;
  return {
    done: { inputs, jobs: { deleted: jobs }, pool: { deleted: pool } },
    isAllDone: inputs.kept.length === 0 && (!wantsBatch || isBatchFree),
  };
}

async function cleanInputs({ places, isYes, output, signal }: Cleaning): Promise<Cleaned["inputs"]> {
  const { converted, others } = await findInputs(places, signal);
  const rest =
    others === 0 ? "" : ` (${others} ${others === 1 ? "other stays" : "others stay"}: not, or not yet, converted)`;
  if (converted.length === 0) {
    output.note(`No inputs to delete${rest}`);
    return { deleted: [], kept: [] };
  }
  const bytes = converted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const what = `${converted.length} converted ${converted.length === 1 ? "input" : "inputs"}, ${formatBytes(bytes)}`;
  if (!(await isYes(`Delete ${what}${rest}?`))) return { deleted: [], kept: [] };
  const { deleted, kept } = await deleteInputs(places, converted, signal);
  output.note(`Deleted ${deleted.length} ${deleted.length === 1 ? "input" : "inputs"}`);
  for (const { name, code, message } of kept) output.note(printable(`${name} stays: ${message} (${code})`));
  return { deleted, kept };
}

/** Says why not, and what to do instead. */
async function mayTouchBatch({ app, places, output, signal }: Cleaning): Promise<boolean> {
  if (places.batch === undefined) {
    output.note(
      "Batch of that app cannot be reached from here. To delete its job and pool:\n" +
        "  az batch job delete --job-id mp3drop --account-name ACCOUNT --account-endpoint ENDPOINT\n" +
        "  az batch pool delete --pool-id mp3drop --account-name ACCOUNT --account-endpoint ENDPOINT",
    );
    return false;
  }
  const { conversions } = await listPages(app.api, { status: "running" }, 1, signal);
  const [running] = conversions;
  if (running === undefined) return true;
  output.note(
    printable(
      `Job and pool stay: conversions are running (${running.input.name}). Wait for them, or cancel them, first.`,
    ),
  );
  return false;
}

async function cleanJobs({ places: { batch }, isYes, output }: Cleaning): Promise<readonly string[]> {
  if (batch === undefined) return [];
  const jobs = await findJobs(batch.client, batch.settings.jobId);
  if (jobs.length === 0) {
    output.note(`No job ${batch.settings.jobId} to delete`);
    return [];
  }
  if (!(await isYes(`Delete the Batch job ${jobs.join(", ")} with its tasks?`))) return [];
  await deleteJobs(batch.client, jobs);
  output.note(`Deleted job ${jobs.join(", ")}`);
  return jobs;
}

async function cleanPool({ places: { batch, isPoolDeployed }, isYes, output }: Cleaning): Promise<string | null> {
  if (batch === undefined) return null;
  const { poolId } = batch.settings;
  const nodes = await findPool(batch.client, poolId);
  if (nodes === undefined) {
    output.note(`No pool ${poolId} to delete`);
    return null;
  }
  const size = `${nodes} ${nodes === 1 ? "node" : "nodes"}`;
  const warning = isPoolDeployed ? "; nothing is converted until `azd provision` makes it again" : "";
  if (!(await isYes(`Delete the Batch pool ${poolId} (${size}${warning})?`))) return null;
  await deletePool(batch.client, poolId);
  output.note(`Deleted pool ${poolId}`);
  return poolId;
}
