import type { Services } from "../services.ts";

export interface EnsureBatchInput {
  /** From the second attempt on nothing that is remembered is trusted: it may be why the first one failed. */
  readonly attempt: number;
}

/** Pool, job, containers and task script exist when this returns. Idempotent, and nearly free when repeated. */
export async function ensureBatch(
  { batch, layout }: Services,
  { attempt }: EnsureBatchInput,
): Promise<{ jobId: string }> {
  const isFresh = attempt > 1;
  const [{ jobId }] = await Promise.all([batch.ensurePoolAndJob({ isFresh }), layout.ensure({ isFresh })]);
  return { jobId };
}
