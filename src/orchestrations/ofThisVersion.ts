import type { OrchestrationContext } from "durable-functions";
import type { ConversionInput } from "./contract.ts";
import { ORCHESTRATION_VERSION } from "./contract.ts";
import type { Orchestrator } from "./logged.ts";

/**
 * The same orchestrator, but it ends at once where another version of the app has begun the history. That is no failure of
 * the conversion, whose task goes on: `upkeep/handover` starts it again where it stands.
 */
export function ofThisVersion(orchestrator: Orchestrator): Orchestrator {
  return function* (context) {
    const { version } = context.df.getInput<ConversionInput>();
    if (version === ORCHESTRATION_VERSION) return yield* orchestrator(context);
    const message = describe(context, version);
    context.info(message);
    throw new Error(message);
  };
}

function describe({ df }: OrchestrationContext, version: number | undefined): string {
  const began = version === undefined ? "before there were versions" : `with version ${version}`;
  return (
    `Conversion ${df.instanceId} began ${began} of the orchestration, and the app has version ` +
    `${ORCHESTRATION_VERSION}: the next sweep goes on with it`
  );
}
