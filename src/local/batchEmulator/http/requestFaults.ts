import type { Exchange } from "./respond.ts";

/** Where every request passes before anything else, so that it can go wrong on purpose. */
export interface RequestFaults {
  /** True when the request has been dealt with: answered with an error, or cut off. */
  strike(operation: string | undefined, exchange: Exchange, now: string): Promise<boolean>;
}
