import * as v from "valibot";
import { choice, int32, optional } from "./schema.ts";

/** Ports that a pool cannot open: https://learn.microsoft.com/rest/api/batchservice/pools/create-pool#inboundnatpool */
const RESERVED_BACKEND_PORTS: readonly number[] = [22, 3389, 29_876, 29_877];
const FIRST_RESERVED_FRONTEND_PORT = 50_000;
const LAST_RESERVED_FRONTEND_PORT = 55_000;

const frontendPort = v.pipe(
  int32,
  v.minValue(1, "Must be from 1 to 65534"),
  v.maxValue(65_534, "Must be from 1 to 65534"),
);

const inboundNatPool = v.pipe(
  v.looseObject({
    name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9](?:[\w.-]{0,75}\w)?$/, "Is no name of a NAT pool")),
    protocol: choice(["tcp", "udp"]),
    backendPort: v.pipe(
      int32,
      v.minValue(1, "Must be from 1 to 65535"),
      v.maxValue(65_535, "Must be from 1 to 65535"),
      v.check((port) => !RESERVED_BACKEND_PORTS.includes(port), "Is reserved"),
    ),
    frontendPortRangeStart: frontendPort,
    frontendPortRangeEnd: frontendPort,
  }),
  v.check(
    ({ frontendPortRangeStart: start, frontendPortRangeEnd: end }) =>
      start <= end && (end < FIRST_RESERVED_FRONTEND_PORT || start > LAST_RESERVED_FRONTEND_PORT),
    "The range must begin before it ends, and ports from 50000 to 55000 are reserved",
  ),
);
export type InboundNatPool = v.InferOutput<typeof inboundNatPool>;

/** There are no networks here: a subnet is kept and shown, and nothing is known of it. */
export const networkConfiguration = v.looseObject({
  dynamicVNetAssignmentScope: v.nullish(choice(["none", "job"]), "none"),
  endpointConfiguration: optional(v.looseObject({ inboundNATPools: v.array(inboundNatPool) })),
});
