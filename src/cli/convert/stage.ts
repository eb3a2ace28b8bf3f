import type { ConversionView } from "../../model/conversion.ts";
import { printable } from "../../local/kit/commandLine/printable.ts";

/** How far along one file is, in words for people. */
export type Stage =
  | { readonly step: "queued" }
  | { readonly step: "growing" }
  | { readonly step: "uploading"; readonly percent: number }
  | { readonly step: "uploaded" }
  | { readonly step: "preparing"; readonly reason: string | null }
  | { readonly step: "waiting"; readonly reason: string | null }
  | { readonly step: "converting"; readonly percent: number | null }
  | { readonly step: "publishing" }
  | { readonly step: "downloading"; readonly percent: number };

/** Undefined if the view tells nothing new. */
export function stageOf(view: Pick<ConversionView, "phase" | "percent" | "waitReason">): Stage | undefined {
  switch (view.phase) {
    case "preparing":
      return { step: "preparing", reason: view.waitReason };
    case "waiting":
      return { step: "waiting", reason: view.waitReason };
    case "converting":
      return { step: "converting", percent: view.percent };
    case "publishing":
      return { step: "publishing" };
    case "finished":
      return undefined;
  }
}

export function describeStage(stage: Stage): string {
  if ("percent" in stage && stage.percent !== null) return `${stage.step} ${Math.floor(stage.percent)} %`;
  if (!("reason" in stage) || stage.reason === null) return stage.step;
  const reason = printable(stage.reason);
  return reason.startsWith(stage.step) ? reason : `${stage.step}: ${reason}`;
}
