import { disableAutoScale, enableAutoScale } from "../../engine/pool/autoscaling.ts";
import { runFormula } from "../../engine/pool/formulas.ts";
import { touchPool } from "../../engine/pool/poolCommands.ts";
import { refuseWhenDeleting } from "../../engine/refusals.ts";
import { parseEnableAutoScale, parseEvaluateAutoScale } from "../../requestBodies/poolBodies.ts";
import { ServiceError } from "../../serviceError.ts";
import { changeReply } from "../call.ts";
import type { Call, Reply } from "../call.ts";
import { checkWrite } from "../conditionalHeaders.ts";
import { poolOf } from "./poolHandlers.ts";

export function poolEnableAutoScale(call: Call): Reply {
  const pool = poolOf(call);
  checkWrite(call, pool.record);
  refuseWhenDeleting(pool);
  enableAutoScale(call.engine, pool, parseEnableAutoScale(call.body));
  touchPool(call.engine, pool);
  return changeReply(call, 200, pool.record);
}

export function poolDisableAutoScale(call: Call): Reply {
  const pool = poolOf(call);
  refuseWhenDeleting(pool);
  if (!pool.record.enableAutoScale) throw new ServiceError("OperationNotValidOnPool");
  disableAutoScale(call.engine, pool);
  touchPool(call.engine, pool);
  return changeReply(call, 200, pool.record);
}

/** 200 even when the formula fails: whether it does is the question. */
export function poolEvaluateAutoScale(call: Call): Reply {
  const pool = poolOf(call);
  refuseWhenDeleting(pool);
  if (!pool.record.enableAutoScale) throw new ServiceError("OperationNotValidOnPool");
  const { run } = runFormula(call.engine, pool, parseEvaluateAutoScale(call.body).autoScaleFormula);
  return {
    ...changeReply(call, 200),
    body: {
      "odata.metadata": `${call.baseUrl}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.AutoScaleRun`,
      ...run,
    },
  };
}
