import type { Node } from "../../model/entities.ts";
import type { NewNodeUser, NodeUserUpdate } from "../../requestBodies/nodeBodies.ts";
import { ServiceError } from "../../serviceError.ts";
import { timestamp } from "../../timestamp.ts";
import type { Engine } from "../engine.ts";
import { refuseUnlessRestartable } from "../refusals.ts";

/*
 * Accounts with which people would log in to a node. This machine gets none of them, so passwords and keys are not kept:
 * a node only knows who there is, until its disk is lost.
 */

const DAY_MS = 24 * 3_600_000;

export function addNodeUser(engine: Engine, node: Node, { name, isAdmin, expiryTime }: NewNodeUser): void {
  refuseUnlessReachable(node);
  const users = node.record.users ?? [];
  if (users.some((user) => user.name === name)) throw new ServiceError("NodeUserExists");
  node.record.users = [...users, { name, isAdmin, expiryTime: expiryTime ?? inADay(engine) }];
  engine.store.saveNode(node);
}

/** What is left out goes back to its default. */
export function updateNodeUser(engine: Engine, node: Node, name: string, { expiryTime }: NodeUserUpdate): void {
  const users = usersWith(node, name);
  const changed = { expiryTime: expiryTime ?? inADay(engine) };
  node.record.users = users.map((user) => (user.name === name ? { ...user, ...changed } : user));
  engine.store.saveNode(node);
}

export function deleteNodeUser(engine: Engine, node: Node, name: string): void {
  node.record.users = usersWith(node, name).filter((user) => user.name !== name);
  engine.store.saveNode(node);
}

function usersWith(node: Node, name: string) {
  refuseUnlessReachable(node);
  const users = node.record.users ?? [];
  if (!users.some((user) => user.name === name)) throw new ServiceError("NodeUserNotFound");
  return users;
}

/** https://learn.microsoft.com/rest/api/batchservice/nodes/create-node-user */
function refuseUnlessReachable(node: Node): void {
  const { state } = node.record;
  if (state === "idle" || state === "running") return;
  if (state === "unusable" || state === "unknown") throw new ServiceError("NodeStateUnusable");
  refuseUnlessRestartable(node);
  throw new ServiceError("OperationNotValidOnNode");
}

function inADay(engine: Engine): string {
  return timestamp(engine.nowMs() + DAY_MS);
}
