import type { Services } from "../services.ts";

export interface EnsureBatchInput {
  /** From the second attempt on, nothing remembered is trusted: it may be why the first one failed. */
  readonly attempt: number;
}

/** Pool, job, containers and task scripts exist when this returns. Repeating it is nearly free. */
export async function ensureBatch(
  { batch, layout }: Pick<Services, "batch" | "layout">,
  { attempt }: EnsureBatchInput,
  warn: (notice: string) => void,
): Promise<void> {
  const isFresh = attempt > 1;
  await Promise.all([batch.ensurePoolAndJob({ isFresh }), layout.ensure({ isFresh })]);
  for (const notice of batch.takeNotices()) warn(notice);
}
