import { join } from "node:path";
import type { ActiveRun, Job, Node } from "../model/entities.ts";
import { startupFolder, taskFolder } from "../model/nodeFolders.ts";
import type { Engine } from "./engine.ts";

type Setting = { readonly name: string; readonly value?: string | undefined };
interface TaskOfJob {
  readonly id: string;
  readonly environmentSettings?: readonly Setting[] | undefined;
}
type Environment = Record<string, string>;

/** https://learn.microsoft.com/azure/batch/batch-compute-node-environment-variables */
export function taskEnvironment(engine: Engine, { task, node, token }: ActiveRun): Environment {
  return {
    ...(token !== undefined && { AZ_BATCH_AUTHENTICATION_TOKEN: token }),
    ...jobTaskEnvironment(engine, task.job, node, task.record.spec),
  };
}

/** Of any task of a job, be it the preparation or release. */
export function jobTaskEnvironment(engine: Engine, job: Job, node: Node, task: TaskOfJob): Environment {
  const jobId = job.record.id;
  const { jobPreparationTask: preparation, commonEnvironmentSettings } = job.record.spec;
  const preparationFolder =
    preparation === undefined || preparation === task ? undefined : taskFolder(node, jobId, preparation.id);
  return {
    ...nodeEnvironment(engine, node, taskFolder(node, jobId, task.id)),
    AZ_BATCH_JOB_ID: jobId,
    AZ_BATCH_TASK_ID: task.id,
    ...(preparationFolder !== undefined && {
      AZ_BATCH_JOB_PREP_DIR: preparationFolder,
      AZ_BATCH_JOB_PREP_WORKING_DIR: join(preparationFolder, "wd"),
    }),
    ...settingsOf(commonEnvironmentSettings),
    ...settingsOf(task.environmentSettings),
  };
}

export function startTaskEnvironment(engine: Engine, node: Node): Environment {
  return {
    ...nodeEnvironment(engine, node, startupFolder(node)),
    ...settingsOf(node.pool.record.spec.startTask?.environmentSettings),
  };
}

function nodeEnvironment(engine: Engine, { record, pool }: Node, taskDir: string): Environment {
  const wd = join(taskDir, "wd");
  return {
    HOME: wd,
    LANG: "C.UTF-8",
    AZ_BATCH_ACCOUNT_NAME: engine.account.name,
    AZ_BATCH_ACCOUNT_URL: engine.account.url,
    AZ_BATCH_POOL_ID: pool.record.id,
    AZ_BATCH_NODE_ID: record.id,
    AZ_BATCH_NODE_IS_DEDICATED: String(record.isDedicated),
    AZ_BATCH_NODE_ROOT_DIR: record.folder,
    AZ_BATCH_NODE_SHARED_DIR: join(record.folder, "shared"),
    AZ_BATCH_NODE_STARTUP_DIR: join(record.folder, "startup"),
    AZ_BATCH_NODE_MOUNTS_DIR: join(record.folder, "fsmounts"),
    AZ_BATCH_TASK_DIR: taskDir,
    AZ_BATCH_TASK_WORKING_DIR: wd,
    AZ_BATCH_CERTIFICATES_DIR: join(taskDir, "certs"),
    AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES: "1000000000",
  };
}

function settingsOf(settings: readonly Setting[] | undefined): Environment {
  return Object.fromEntries((settings ?? []).map(({ name, value }) => [name, value ?? ""]));
}
