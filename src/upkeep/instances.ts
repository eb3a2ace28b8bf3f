import type { DurableClient } from "durable-functions";
import { startInstance } from "../durableClient.ts";
import type { ConversionInput } from "../orchestrations/contract.ts";
import { CONVERT_BLOB, ORCHESTRATION_VERSION } from "../orchestrations/contract.ts";
import { noteStart } from "../results/conversionIndex.ts";
import type { Services } from "../services.ts";
import { isLive } from "./runtimeStates.ts";

/** Null: as long as it takes. */
export function patienceSecondsOf({ config }: Services): number | null {
  return config.waitingTimeoutMinutes === 0 ? null : config.waitingTimeoutMinutes * 60;
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
  const options = { instanceId, input: { ...input, version: ORCHESTRATION_VERSION } };
  await Promise.all([startInstance(client, CONVERT_BLOB, options, isLive), note(services, instanceId, input)]);
}

/** One that goes on where another version of the app has left it is noted already, and may have ended. */
async function note(
  services: Services,
  id: string,
  { workload, source, startedAt, firstAttempt: attempt = 1, resumed }: ConversionInput & { readonly startedAt: string },
): Promise<void> {
  if (resumed === undefined) await noteStart(services, { id, workload, source, startedAt, attempt });
}
