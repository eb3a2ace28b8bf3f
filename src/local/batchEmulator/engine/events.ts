import type { ActiveRun, Job, Node, Pool, Task } from "../model/entities.ts";
import type { ExitActions } from "./exitConditions.ts";

/**
 * What has happened to a task, node, job or pool that concerns others. Emitted by the transition that did it, after it
 * has changed the model; `eventEffects.ts` says what follows.
 */
export type EngineEvent =
  | { readonly kind: "jobAdded"; readonly job: Job }
  /** It is completed, or it is gone. */
  | { readonly kind: "jobEnded"; readonly job: Job }
  /** Tasks of the job may be ready to run: one was added or reactivated, or the job was enabled or changed. */
  | { readonly kind: "tasksWaiting"; readonly job: Job }
  /** A task has its place on a node; its command has not begun yet. */
  | { readonly kind: "runStarted"; readonly run: ActiveRun }
  /** The task has its result. `actions` is what its exit conditions make of it. */
  | { readonly kind: "taskCompleted"; readonly task: Task; readonly actions: ExitActions }
  | { readonly kind: "taskDeleted"; readonly task: Task }
  /** The task is off its node: completed, active again, or deleted meanwhile. */
  | { readonly kind: "runEnded"; readonly run: ActiveRun }
  /** The preparation or release of the job on the node has ended. */
  | { readonly kind: "jobTaskEnded"; readonly job: Job; readonly node: Node }
  /** The node takes tasks. */
  | { readonly kind: "nodeReady"; readonly node: Node }
  /** Its machine stopped, whether it comes back or not; its tasks have been taken off it. */
  | { readonly kind: "nodeStopped"; readonly node: Node; readonly isDiskLost: boolean }
  /** Its start task failed: it takes no tasks until it is restarted. */
  | { readonly kind: "nodeUnfit"; readonly node: Node }
  | { readonly kind: "nodeLeft"; readonly pool: Pool }
  /** The pool is steady again. */
  | { readonly kind: "resizeEnded"; readonly pool: Pool };
