import { ServiceError } from "../serviceError.ts";
import type { ServiceErrorCode } from "../serviceError.ts";
import { keyOf } from "./entities.ts";

/** Throws the error where there is nothing of that id. */
export function found<Thing>(things: ReadonlyMap<string, Thing>, id: string, otherwise: ServiceErrorCode): Thing {
  const thing = things.get(keyOf(id));
  if (thing === undefined) throw new ServiceError(otherwise);
  return thing;
}
