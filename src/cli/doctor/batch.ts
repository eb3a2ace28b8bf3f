import type { BatchServiceClient, BatchServiceModels } from "@azure/batch";
import { listGenerations, newestOpen } from "../../azure/batch/job.ts";
import { createNodeService } from "../../azure/batch/nodes.ts";
import { supportedImages } from "../../azure/batch/pool.ts";
import { retrying } from "../../azure/batch/retrying.ts";
import { lookAtPool } from "../../azure/batch/waiting.ts";
import type { BatchSettings } from "../../batchSettings.ts";
import { BatchError } from "../../model/errors.ts";
import type { BrokenNode } from "../../services.ts";
import type { Check } from "./examine.ts";
import type { Finding } from "./finding.ts";
import { isWell, ok, unknown, warning, wrong } from "./finding.ts";
import { checkPool } from "./pool.ts";

/** How a Batch account is looked at. */
export interface BatchView {
  readonly client: BatchServiceClient;
  readonly settings: BatchSettings;
  /** Whether it is asked with a person's own sign-in, not with that of the app. */
  readonly isPersons: boolean;
  /** In milliseconds since 1970. */
  readonly now: () => number;
}

const DAY_MS = 24 * 3_600_000;
/** Long enough to choose another image and to try it. */
const END_OF_SUPPORT_NOTICE_MS = 90 * DAY_MS;

export function checkBatch(view: BatchView): Check {
  const { client, settings } = view;
  let images: readonly BatchServiceModels.ImageInformation[] = [];
  return {
    what: "Batch",
    look: async () => {
      try {
        images = await supportedImages(client, "osType eq 'linux'");
        return [ok("Batch", `${new URL(settings.endpoint).hostname} answers`)];
      } catch (error) {
        if (error instanceof BatchError) return [refusalOf(error, view)];
        throw error;
      }
    },
    next: (findings) =>
      isWell(findings)
        ? [
            { what: "node image", look: () => [checkImage(images, view)] },
            { what: `pool ${settings.poolId}`, look: () => checkPool(client, settings) },
            { what: "nodes", look: () => checkNodes(view) },
            { what: `job ${settings.jobId}`, look: () => checkJob(view) },
          ]
        : [],
  };
}

function refusalOf({ message, statusCode }: BatchError, { settings, isPersons }: BatchView): Finding {
  const isRefused = statusCode === 401 || statusCode === 403;
  if (isRefused && isPersons) {
    const hint = "You need the role Azure Batch Data Contributor on the account; a new one takes some minutes.";
    return unknown("Batch", message, hint);
  }
  if (isRefused) {
    const of = settings.sharedKey === undefined ? "the role" : "BATCH_ACCOUNT_NAME and BATCH_ACCOUNT_KEY";
    return wrong("Batch", message, `Check ${of}, and the clock of this machine.`);
  }
  return wrong("Batch", message, "Check that it runs, BATCH_ACCOUNT_ENDPOINT, BATCH_API_VERSION and the network.");
}

function checkImage(images: readonly BatchServiceModels.ImageInformation[], { settings, now }: BatchView): Finding {
  const { publisher, offer, sku } = settings.image;
  const name = `${publisher}:${offer}:${sku}`;
  const same = ({ imageReference: found }: BatchServiceModels.ImageInformation): boolean =>
    [found.publisher, found.offer, found.sku].join(":").toLowerCase() === name.toLowerCase();
  const image = images.find(same);
  const hint = "Set BATCH_NODE_IMAGE to another one, which needs a new pool.";
  if (image === undefined) return wrong("node image", `Batch does not offer ${name}`, hint);
  if (image.verificationType.toLowerCase() !== "verified") {
    return wrong("node image", `${name} is not verified for Batch`, hint);
  }
  const { batchSupportEndOfLife: end } = image;
  if (end === undefined) return ok("node image", `${name} is offered and verified`);
  const day = end.toISOString().slice(0, 10);
  if (end.getTime() <= now()) return wrong("node image", `the support of ${name} ended on ${day}`, hint);
  if (end.getTime() <= now() + END_OF_SUPPORT_NOTICE_MS) {
    return warning("node image", `the support of ${name} ends on ${day}`, hint);
  }
  return ok("node image", `${name} is offered, verified, and supported until ${day}`);
}

/** Those with the same trouble make one finding. */
async function checkNodes({ client, settings }: BatchView): Promise<Finding[]> {
  const broken = await createNodeService(client, settings.poolId).listBroken();
  if (broken.length === 0) return [ok("nodes", "none is broken")];
  const alike = new Map<string, BrokenNode[]>();
  for (const node of broken) {
    const trouble = `${node.state} ${node.errors[0]?.code ?? ""}`;
    alike.set(trouble, [...(alike.get(trouble) ?? []), node]);
  }
  return [...alike.values()].map((nodes) => describeBroken(nodes, settings));
}

function describeBroken(nodes: readonly BrokenNode[], { repairNodes, poolId }: BatchSettings): Finding {
  const [first] = nodes;
  const reasons = (first?.errors ?? []).map(({ code, message }) => `${code}: ${message}`).join("; ");
  const count = nodes.length === 1 ? "1 node" : `${nodes.length} nodes`;
  const since = `such as ${first?.nodeId} since ${first?.since}`;
  if (first?.state === "starttaskfailed") {
    const detail = `the start task failed on ${count}, ${since}: ${reasons || "no reason was given"}`;
    return wrong("nodes", detail, "Read startup/stderr.txt on the node, in the portal: the next one would fail alike.");
  }
  if (first?.state === "offline") {
    const detail = `the app has taken ${count} of pool ${poolId} out of service because videos failed there, ${since}`;
    return repairNodes
      ? warning("nodes", detail, "The app replaces such nodes; if they stay for more than an hour, remove them.")
      : wrong("nodes", detail, "Remove them from the pool.");
  }
  const detail = `${count} of pool ${poolId} unusable, ${since}: ${reasons || "no reason was given"}`;
  return repairNodes
    ? warning("nodes", detail, "The app reboots and then removes such nodes; if that does not help, remove them.")
    : wrong("nodes", detail, "Remove them from the pool.");
}

/** Whether there is a job for tasks, and whether those that wait in it have something to wait for. */
async function checkJob({ client, settings }: BatchView): Promise<Finding[]> {
  const generations = await listGenerations(client, settings.jobId);
  const open = newestOpen(generations);
  if (open === undefined) {
    const last = generations.at(-1);
    const detail = last === undefined ? "not there yet" : `${last.id} is ${last.state}`;
    return [ok(`job ${settings.jobId}`, `${detail}: the next conversion makes a new one`)];
  }
  const what = `job ${open.id}`;
  const { taskCounts } = await retrying(`count the tasks of job ${open.id}`, () => client.job.getTaskCounts(open.id));
  const { active, running } = taskCounts;
  const detail = `it takes tasks; ${active} wait, ${running} run`;
  const pool = active === 0 ? undefined : await lookAtPool(client, settings.poolId);
  if (pool === undefined || pool.hasReadyNode || pool.isGrowing || pool.reason === null) return [ok(what, detail)];
  const hint = "That is normal for some minutes. If it lasts, see what is said of the pool, the nodes and the quota.";
  return [warning(what, `${detail}: ${pool.reason.text}`, hint)];
}
