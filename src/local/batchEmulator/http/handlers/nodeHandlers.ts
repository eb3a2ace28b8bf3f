import { LOOPBACK } from "../../../kit/loopback.ts";
import {
  deallocateNode,
  disableScheduling,
  enableScheduling,
  restartNode,
  startNode,
} from "../../engine/node/nodeCommands.ts";
import { addNodeUser, deleteNodeUser, updateNodeUser } from "../../engine/node/nodeUsers.ts";
import { refuseWhenDeleting } from "../../engine/refusals.ts";
import type { Node } from "../../model/entities.ts";
import {
  parseDisableScheduling,
  parseNewNodeUser,
  parseNodeAction,
  parseNodeUserUpdate,
} from "../../requestBodies/nodeBodies.ts";
import { changeReply, entityReply, param } from "../call.ts";
import type { Call, Reply } from "../call.ts";
import { FIELDS } from "../fields.ts";
import { listReply, selectView } from "../listing.ts";
import { nodeView } from "../views/nodeView.ts";
import { poolOf } from "./poolHandlers.ts";

export function nodeList(call: Call): Reply {
  return listReply(call, {
    items: poolOf(call).nodes.values(),
    position: (node) => node.record.seq,
    view: (node) => nodeView(call.baseUrl, node),
    fields: FIELDS.node,
    kind: "nodes",
  });
}

export function nodeGet(call: Call): Reply {
  return entityReply(call, "nodes", selectView(call, nodeView(call.baseUrl, nodeOf(call)), FIELDS.node));
}

export function nodeReboot(call: Call): Reply {
  const node = nodeOf(call);
  refuseWhenDeleting(node.pool);
  restartNode(call.engine, node, "rebooting", parseNodeAction(call.body, "nodeRebootOption"));
  return changeReply(call, 202);
}

export function nodeReimage(call: Call): Reply {
  const node = nodeOf(call);
  refuseWhenDeleting(node.pool);
  restartNode(call.engine, node, "reimaging", parseNodeAction(call.body, "nodeReimageOption"));
  return changeReply(call, 202);
}

export function nodeDeallocate(call: Call): Reply {
  const node = nodeOf(call);
  refuseWhenDeleting(node.pool);
  deallocateNode(call.engine, node, parseNodeAction(call.body, "nodeDeallocateOption"));
  return changeReply(call, 202);
}

export function nodeStart(call: Call): Reply {
  const node = nodeOf(call);
  refuseWhenDeleting(node.pool);
  startNode(call.engine, node);
  return changeReply(call, 202);
}

export function nodeDisableScheduling(call: Call): Reply {
  disableScheduling(call.engine, nodeOf(call), parseDisableScheduling(call.body));
  return changeReply(call, 200);
}

export function nodeEnableScheduling(call: Call): Reply {
  enableScheduling(call.engine, nodeOf(call));
  return changeReply(call, 200);
}

export function nodeAddUser(call: Call): Reply {
  const node = nodeOf(call);
  const user = parseNewNodeUser(call.body);
  addNodeUser(call.engine, node, user);
  const url = `${call.baseUrl}/pools/${node.pool.record.id}/nodes/${node.record.id}/users/${encodeURIComponent(user.name)}`;
  return { status: 201, headers: { Location: url }, dataServiceId: url };
}

export function nodeUpdateUser(call: Call): Reply {
  updateNodeUser(call.engine, nodeOf(call), param(call, "user"), parseNodeUserUpdate(call.body));
  return changeReply(call, 200);
}

export function nodeDeleteUser(call: Call): Reply {
  deleteNodeUser(call.engine, nodeOf(call), param(call, "user"));
  return { status: 200 };
}

/** The only machine to log in to is this one. */
export function nodeRemoteLogin(call: Call): Reply {
  nodeOf(call);
  return {
    status: 200,
    body: {
      "odata.metadata": `${call.baseUrl}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.ComputeNodeRemoteLoginSettings`,
      remoteLoginIPAddress: LOOPBACK,
      remoteLoginPort: 22,
    },
  };
}

export function nodeOf(call: Call): Node {
  return call.engine.store.requireNode(poolOf(call), param(call, "node"));
}
