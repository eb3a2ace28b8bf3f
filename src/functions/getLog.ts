import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import { services } from "../azure/azureServices.ts";
import type { ConversionView } from "../model/conversion.ts";
import { contentsOf } from "../orchestrations/contract.ts";
import { findPublished } from "../results/published.ts";
import { problem, withConversion } from "./http/answers.ts";
import { apiRoute } from "./http/api.ts";

apiRoute("getLog", { route: "conversions/{id}/log", method: "GET", handler: getLog });

/** A log of ours is far smaller. */
const MAX_BYTES = 4 * 1024 * 1024;

/** What the task of a conversion has written to stderr: all of it at the end, and while it runs, as far as its node says. */
function getLog(request: HttpRequest, client: DurableClient): Promise<HttpResponseInit> {
  return withConversion(request, client, async (view, instance) => {
    const log = view.status === "running" ? await readRunning(instance) : await readEnded(view);
    if (typeof log === "object") return log;
    if (log !== "") return { headers: { "content-type": "text/plain; charset=utf-8" }, body: log };
    const why = view.status === "running" ? "it has written nothing yet" : "it left none, or a newer one replaced it";
    return problem(404, "LogNotFound", `There is no log of conversion ${view.id}: ${why}.`);
  });
}

async function readEnded(view: ConversionView): Promise<string | HttpResponseInit> {
  const { blobs } = services();
  const log = await findPublished(services(), view, "log");
  if (log?.found === undefined || !log.isOurs) return "";
  if (log.found.sizeBytes > MAX_BYTES) {
    const { container, name } = log.address;
    return problem(
      413,
      "LogTooLarge",
      `The log has ${log.found.sizeBytes} bytes: it is the blob ${container}/${name}.`,
    );
  }
  return (await blobs.readText(log.address))?.text ?? "";
}

async function readRunning(instance: DurableOrchestrationStatus): Promise<string> {
  const task = contentsOf(instance).progress?.submission?.task;
  return task === undefined ? "" : services().batch.readStderr(task, MAX_BYTES);
}
