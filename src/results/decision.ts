import type { ConversionRecord } from "../model/conversion.ts";
import { ConflictError } from "../model/errors.ts";
import type { BlobAddress, CopySource, Services } from "../services.ts";
import { METADATA } from "./targets.ts";

/**
 * How a conversion ends. It is written once, before anything is changed in the output container, so that all runs of all
 * activities carry out the same: protocol.md.
 */
export interface Decision {
  /** The record to write. */
  readonly record: ConversionRecord;
  /** The staged result that was judged good; null when the conversion has failed. */
  readonly result: CopySource | null;
}

interface StoredDecision {
  readonly decision: Decision;
  /** Of the blob that holds it. */
  readonly eTag: string;
}

export async function readDecision(services: Services, conversionId: string): Promise<StoredDecision | undefined> {
  const found = await services.blobs.readText(decisionBlob(services, conversionId));
  return found && { decision: JSON.parse(found.text) as Decision, eTag: found.eTag };
}

/**
 * Decides, unless somebody else has; returns what is decided then. `known` is what the caller has read. A later attempt
 * decides anew, but a failure replaces a success only for a caller that has found the success impossible to carry out.
 */
export async function decide(
  services: Services,
  proposal: Decision,
  known: StoredDecision | undefined,
  { isSuccessImpossible = false } = {},
): Promise<Decision> {
  const { conversionId } = proposal.record;
  let found = known;
  for (;;) {
    if (found !== undefined && !outranks(proposal, found.decision, isSuccessImpossible)) return found.decision;
    try {
      await services.blobs.writeText(decisionBlob(services, conversionId), JSON.stringify(proposal), {
        contentType: "application/json",
        metadata: { [METADATA.attempt]: String(proposal.record.attempts) },
        condition: { eTag: found?.eTag ?? null },
      });
      return proposal;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      found = await readDecision(services, conversionId);
    }
  }
}

function outranks(proposal: Decision, decided: Decision, isSuccessImpossible: boolean): boolean {
  const [attempt, decidedAttempt] = [proposal.record.attempts, decided.record.attempts];
  if (decided.result === null || proposal.result !== null) return attempt > decidedAttempt;
  return isSuccessImpossible && attempt >= decidedAttempt;
}

/**
 * In the container of the scripts, because tasks can write to the staging container. The daily clean-up removes
 * them with the history of their conversion.
 */
export const DECISIONS_FOLDER = "decisions/";

export function decisionBlob({ config }: Services, conversionId: string): BlobAddress {
  return { container: config.containers.application, name: `${DECISIONS_FOLDER}${conversionId}.json` };
}
