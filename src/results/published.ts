import type { BlobVersion } from "../model/conversion.ts";
import type { Services } from "../services.ts";
import { WORKLOADS } from "../workloads/index.ts";
import { resultNamesFor } from "../workloads/resultNames.ts";
import type { Target } from "./targets.ts";
import { attemptOf, findTarget } from "./targets.ts";

interface Known {
  readonly id: string;
  readonly workload: string;
  readonly input: BlobVersion;
}

interface Published extends Target {
  /** Whether it is of this conversion, not of another version of the same file. */
  readonly isOurs: boolean;
}

/** What a conversion has left in the output container; undefined if the app no longer has its workload. */
export async function findPublished(
  services: Services,
  { id, workload: workloadName, input }: Known,
  what: "result" | "log",
): Promise<Published | undefined> {
  const workload = WORKLOADS.find(({ name }) => name === workloadName);
  if (workload === undefined) return undefined;
  const name = resultNamesFor(workload, input.name)[what];
  const target = await findTarget(services, { container: services.config.containers.output, name });
  return { ...target, isOurs: attemptOf(target, id) !== undefined };
}
