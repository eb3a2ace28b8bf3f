import type { DurableClient, DurableOrchestrationStatus, StartNewOptions } from "durable-functions";

const STATUS_BOUND_MS = 30_000;
const START_BOUND_MS = 30_000;

/** A service has not answered in time. */
export class UnansweredError extends Error {
  override readonly name = "UnansweredError";
}

/**
 * The answer of a service, in general the Durable extension, or an error if it does not come in time. The client of the
 * extension has no time limit of its own, and a function that waits for ever takes its process down in the end. `what`
 * completes the sentence "The Durable extension has not … in 30 s".
 */
export async function inTime<Answer>(
  what: string,
  boundMs: number,
  answer: Promise<Answer>,
  service = "The Durable extension",
): Promise<Answer> {
  let bound: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    const error = (): Error => new UnansweredError(`${service} has not ${what} in ${boundMs / 1000} s`);
    bound = setTimeout(() => reject(error()), boundMs);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(bound);
  }
}

/**
 * Undefined if there is no such instance; then the client throws an error that only its message tells apart. Throws, too,
 * if the extension does not answer in time.
 */
export async function findInstance(
  client: DurableClient,
  id: string,
  { boundMs = STATUS_BOUND_MS } = {},
): Promise<DurableOrchestrationStatus | undefined> {
  try {
    return await inTime(`said what instance ${id} does`, boundMs, client.getStatus(id));
  } catch (error) {
    if (error instanceof Error && error.message.includes("HTTP 404")) return undefined;
    throw error;
  }
}

/**
 * Starts an orchestration. When somebody else does so at the same moment, only one start succeeds; to the other, an instance
 * that `isAsGood` is no error.
 */
export async function startInstance(
  client: DurableClient,
  orchestration: string,
  options: StartNewOptions & { readonly instanceId: string },
  isAsGood: (found: DurableOrchestrationStatus) => boolean,
  { boundMs = START_BOUND_MS } = {},
): Promise<void> {
  const { instanceId } = options;
  try {
    await inTime(`started instance ${instanceId}`, boundMs, client.startNew(orchestration, options));
  } catch (error) {
    const found = await findInstance(client, instanceId, { boundMs });
    if (found === undefined || !isAsGood(found)) throw error;
  }
}
