import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import type { ConversionInput } from "../orchestrations/contract.ts";
import { CONVERT_BLOB, ORCHESTRATION_VERSION } from "../orchestrations/contract.ts";
import { noteStart } from "../results/conversionIndex.ts";
import type { Services } from "../services.ts";
import { inTime } from "./inTime.ts";
import { isLive } from "./runtimeStates.ts";

/** Null: as long as it takes. */
export function patienceSecondsOf({ config }: Services): number | null {
  return config.waitingTimeoutMinutes === 0 ? null : config.waitingTimeoutMinutes * 60;
}

const STATUS_BOUND_MS = 30_000;

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
 * Starts the instance, with the version of the orchestration that this app has, and notes it in the index of conversions
 * meanwhile. When somebody else does so at the same moment, only one start succeeds; to the other, a live instance is just
 * as good.
 */
export async function startConversion(
  services: Services,
  client: DurableClient,
  instanceId: string,
  input: ConversionInput & { readonly startedAt: string },
): Promise<void> {
  await Promise.all([start(client, instanceId, input), note(services, instanceId, input)]);
}

async function start(client: DurableClient, instanceId: string, input: ConversionInput): Promise<void> {
  try {
    await client.startNew(CONVERT_BLOB, { instanceId, input: { ...input, version: ORCHESTRATION_VERSION } });
  } catch (error) {
    const found = await findInstance(client, instanceId);
    if (found === undefined || !isLive(found)) throw error;
  }
}

/** One that goes on where another version of the app has left it is noted already, and may have ended. */
async function note(
  services: Services,
  id: string,
  { workload, source, startedAt, firstAttempt: attempt = 1, resumed }: ConversionInput & { readonly startedAt: string },
): Promise<void> {
  if (resumed === undefined) await noteStart(services, { id, workload, source, startedAt, attempt });
}
