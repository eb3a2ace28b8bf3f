import {
  addPool,
  deletePool,
  patchPool,
  removeNodes,
  replacePoolProperties,
  resizePool,
  stopResize,
} from "../../engine/pool/poolCommands.ts";
import { LIMITS } from "../../limits.ts";
import type { Pool } from "../../model/entities.ts";
import {
  parseNewPool,
  parsePoolPatch,
  parsePoolProperties,
  parseRemoveNodes,
  parseResize,
} from "../../requestBodies/poolBodies.ts";
import { checkImage } from "../../requestBodies/supportedImages.ts";
import { ServiceError } from "../../serviceError.ts";
import { changeReply, entityReply, param } from "../call.ts";
import type { Call, Reply } from "../call.ts";
import { checkConditions, checkWrite } from "../conditionalHeaders.ts";
import { FIELDS } from "../fields.ts";
import { listReply, selectView, wantsStats } from "../listing.ts";
import { nodeCountsView } from "../views/nodeCountsView.ts";
import { poolView } from "../views/poolView.ts";

export function poolAdd(call: Call): Reply {
  const spec = parseNewPool(call.body);
  checkImage(spec);
  const { record } = addPool(call.engine, spec);
  const url = `${call.baseUrl}/pools/${record.id}`;
  return { ...changeReply(call, 201, record), headers: { Location: url }, dataServiceId: url };
}

export function poolGet(call: Call): Reply {
  const pool = poolOf(call);
  checkConditions(call, pool.record, "read");
  const view = poolView(call.baseUrl, pool, call.engine.poolIdentities, wantsStats(call));
  return entityReply(call, "pools", selectView(call, view, FIELDS.pool), pool.record);
}

export function poolExists(call: Call): Reply {
  const { record } = poolOf(call);
  checkConditions(call, record, "read");
  return { status: 200, version: record };
}

export function poolList(call: Call): Reply {
  const withStats = wantsStats(call);
  return listReply(call, {
    items: call.engine.store.pools.values(),
    position: (pool) => pool.record.seq,
    view: (pool) => poolView(call.baseUrl, pool, call.engine.poolIdentities, withStats),
    fields: FIELDS.pool,
    kind: "pools",
  });
}

export function poolPatch(call: Call): Reply {
  return change(call, 200, (pool) => patchPool(call.engine, pool, parsePoolPatch(call.body)));
}

export function poolUpdateProperties(call: Call): Reply {
  const pool = poolOf(call);
  replacePoolProperties(call.engine, pool, parsePoolProperties(call.body));
  return changeReply(call, 204, pool.record);
}

/** The service reads the body before it looks for the pool. */
export function poolResize(call: Call): Reply {
  const request = parseResize(call.body);
  return change(call, 202, (pool) => resizePool(call.engine, pool, request));
}

export function poolStopResize(call: Call): Reply {
  return change(call, 202, (pool) => stopResize(call.engine, pool));
}

export function poolRemoveNodes(call: Call): Reply {
  return change(call, 202, (pool) => {
    const request = parseRemoveNodes(call.body);
    const nodes = request.nodeList.map((id) => call.engine.store.requireNode(pool, id));
    removeNodes(call.engine, pool, nodes, request.nodeDeallocationOption);
  });
}

export function poolDelete(call: Call): Reply {
  const pool = poolOf(call);
  checkWrite(call, pool.record);
  deletePool(call.engine, pool);
  return { status: 202 };
}

export function listNodeCounts(call: Call): Reply {
  return listReply(call, {
    items: call.engine.store.pools.values(),
    position: (pool) => pool.record.seq,
    view: nodeCountsView,
    fields: FIELDS.nodeCounts,
    kind: "poolnodecounts",
    maxResults: LIMITS.MAX_RESULTS_NODE_COUNTS,
  });
}

/** Nothing is billed here. */
export function listUsageMetrics(call: Call): Reply {
  return { status: 200, body: { "odata.metadata": `${call.baseUrl}/$metadata#poolusagemetrics`, value: [] } };
}

export function poolOf(call: Call): Pool {
  const id = param(call, "pool");
  if (id === "") throw new ServiceError("InvalidUri");
  return call.engine.store.requirePool(id);
}

function change(call: Call, status: number, act: (pool: Pool) => void): Reply {
  const pool = poolOf(call);
  checkWrite(call, pool.record);
  act(pool);
  return changeReply(call, status, pool.record);
}
