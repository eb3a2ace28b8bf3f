import type { Handler, Operation } from "./call.ts";
import { listSupportedImages } from "./handlers/accountHandlers.ts";
import * as autoscale from "./handlers/autoscaleHandlers.ts";
import { deleteFile, getFile, headFile, listFiles, nodeFiles, taskFiles } from "./handlers/fileHandlers.ts";
import * as jobs from "./handlers/jobHandlers.ts";
import * as schedules from "./handlers/jobScheduleHandlers.ts";
import * as nodes from "./handlers/nodeHandlers.ts";
import * as pools from "./handlers/poolHandlers.ts";
import * as tasks from "./handlers/taskHandlers.ts";

type Row = readonly [name: string, method: string, path: string, handler?: Handler];

const NODE = "/pools/{pool}/nodes/{node}";
const TASK = "/jobs/{job}/tasks/{task}";

/** Every operation of the service: https://learn.microsoft.com/rest/api/batchservice/ */
const ROWS: readonly Row[] = [
  ["Account_ListSupportedImages", "GET", "/supportedimages", listSupportedImages],
  ["Account_ListPoolNodeCounts", "GET", "/nodecounts", pools.listNodeCounts],

  ["Pool_Add", "POST", "/pools", pools.poolAdd],
  ["Pool_List", "GET", "/pools", pools.poolList],
  ["Pool_Get", "GET", "/pools/{pool}", pools.poolGet],
  ["Pool_Exists", "HEAD", "/pools/{pool}", pools.poolExists],
  ["Pool_Patch", "PATCH", "/pools/{pool}", pools.poolPatch],
  ["Pool_Delete", "DELETE", "/pools/{pool}", pools.poolDelete],
  ["Pool_UpdateProperties", "POST", "/pools/{pool}/updateproperties", pools.poolUpdateProperties],
  ["Pool_Resize", "POST", "/pools/{pool}/resize", pools.poolResize],
  ["Pool_StopResize", "POST", "/pools/{pool}/stopresize", pools.poolStopResize],
  ["Pool_EnableAutoScale", "POST", "/pools/{pool}/enableautoscale", autoscale.poolEnableAutoScale],
  ["Pool_DisableAutoScale", "POST", "/pools/{pool}/disableautoscale", autoscale.poolDisableAutoScale],
  ["Pool_EvaluateAutoScale", "POST", "/pools/{pool}/evaluateautoscale", autoscale.poolEvaluateAutoScale],
  ["Pool_RemoveNodes", "POST", "/pools/{pool}/removenodes", pools.poolRemoveNodes],
  ["Pool_ListUsageMetrics", "GET", "/poolusagemetrics", pools.listUsageMetrics],
  ["Pool_GetAllLifetimeStatistics", "GET", "/lifetimepoolstats"],

  ["ComputeNode_List", "GET", "/pools/{pool}/nodes", nodes.nodeList],
  ["ComputeNode_Get", "GET", NODE, nodes.nodeGet],
  ["ComputeNode_Reboot", "POST", `${NODE}/reboot`, nodes.nodeReboot],
  ["ComputeNode_Reimage", "POST", `${NODE}/reimage`, nodes.nodeReimage],
  ["ComputeNode_Deallocate", "POST", `${NODE}/deallocate`, nodes.nodeDeallocate],
  ["ComputeNode_Start", "POST", `${NODE}/start`, nodes.nodeStart],
  ["ComputeNode_DisableScheduling", "POST", `${NODE}/disablescheduling`, nodes.nodeDisableScheduling],
  ["ComputeNode_EnableScheduling", "POST", `${NODE}/enablescheduling`, nodes.nodeEnableScheduling],
  ["ComputeNode_GetRemoteLoginSettings", "GET", `${NODE}/remoteloginsettings`, nodes.nodeRemoteLogin],
  ["ComputeNode_GetRemoteDesktop", "GET", `${NODE}/rdp`],
  ["ComputeNode_UploadBatchServiceLogs", "POST", `${NODE}/uploadbatchservicelogs`],
  ["ComputeNode_AddUser", "POST", `${NODE}/users`, nodes.nodeAddUser],
  ["ComputeNode_UpdateUser", "PUT", `${NODE}/users/{user}`, nodes.nodeUpdateUser],
  ["ComputeNode_DeleteUser", "DELETE", `${NODE}/users/{user}`, nodes.nodeDeleteUser],
  ["ComputeNodeExtension_List", "GET", `${NODE}/extensions`],
  ["ComputeNodeExtension_Get", "GET", `${NODE}/extensions/{extension}`],

  ["File_ListFromComputeNode", "GET", `${NODE}/files`, listFiles(nodeFiles)],
  ["File_GetFromComputeNode", "GET", `${NODE}/files/{path}`, getFile(nodeFiles)],
  ["File_GetPropertiesFromComputeNode", "HEAD", `${NODE}/files/{path}`, headFile(nodeFiles)],
  ["File_DeleteFromComputeNode", "DELETE", `${NODE}/files/{path}`, deleteFile(nodeFiles)],

  ["Job_Add", "POST", "/jobs", jobs.jobAdd],
  ["Job_List", "GET", "/jobs", jobs.jobList],
  ["Job_Get", "GET", "/jobs/{job}", jobs.jobGet],
  ["Job_Patch", "PATCH", "/jobs/{job}", jobs.jobPatch],
  ["Job_Update", "PUT", "/jobs/{job}", jobs.jobUpdate],
  ["Job_Delete", "DELETE", "/jobs/{job}", jobs.jobDelete],
  ["Job_Terminate", "POST", "/jobs/{job}/terminate", jobs.jobTerminate],
  ["Job_Disable", "POST", "/jobs/{job}/disable", jobs.jobDisable],
  ["Job_Enable", "POST", "/jobs/{job}/enable", jobs.jobEnable],
  ["Job_GetTaskCounts", "GET", "/jobs/{job}/taskcounts", jobs.jobTaskCounts],
  [
    "Job_ListPreparationAndReleaseTaskStatus",
    "GET",
    "/jobs/{job}/jobpreparationandreleasetaskstatus",
    jobs.jobPreparationAndReleaseStatus,
  ],
  ["Job_GetAllLifetimeStatistics", "GET", "/lifetimejobstats"],

  ["JobSchedule_Add", "POST", "/jobschedules", schedules.jobScheduleAdd],
  ["JobSchedule_List", "GET", "/jobschedules", schedules.jobScheduleList],
  ["JobSchedule_Get", "GET", "/jobschedules/{schedule}", schedules.jobScheduleGet],
  ["JobSchedule_Exists", "HEAD", "/jobschedules/{schedule}", schedules.jobScheduleExists],
  ["JobSchedule_Patch", "PATCH", "/jobschedules/{schedule}", schedules.jobSchedulePatch],
  ["JobSchedule_Update", "PUT", "/jobschedules/{schedule}", schedules.jobScheduleUpdate],
  ["JobSchedule_Delete", "DELETE", "/jobschedules/{schedule}", schedules.jobScheduleDelete],
  ["JobSchedule_Disable", "POST", "/jobschedules/{schedule}/disable", schedules.jobScheduleDisable],
  ["JobSchedule_Enable", "POST", "/jobschedules/{schedule}/enable", schedules.jobScheduleEnable],
  ["JobSchedule_Terminate", "POST", "/jobschedules/{schedule}/terminate", schedules.jobScheduleTerminate],
  ["Job_ListFromJobSchedule", "GET", "/jobschedules/{schedule}/jobs", schedules.jobListFromJobSchedule],

  ["Task_Add", "POST", "/jobs/{job}/tasks", tasks.taskAdd],
  ["Task_AddCollection", "POST", "/jobs/{job}/addtaskcollection", tasks.taskAddCollection],
  ["Task_List", "GET", "/jobs/{job}/tasks", tasks.taskList],
  ["Task_Get", "GET", TASK, tasks.taskGet],
  ["Task_Update", "PUT", TASK, tasks.taskUpdate],
  ["Task_Delete", "DELETE", TASK, tasks.taskDelete],
  ["Task_Terminate", "POST", `${TASK}/terminate`, tasks.taskTerminate],
  ["Task_Reactivate", "POST", `${TASK}/reactivate`, tasks.taskReactivate],
  ["Task_ListSubtasks", "GET", `${TASK}/subtasksinfo`, tasks.taskListSubtasks],

  ["File_ListFromTask", "GET", `${TASK}/files`, listFiles(taskFiles)],
  ["File_GetFromTask", "GET", `${TASK}/files/{path}`, getFile(taskFiles)],
  ["File_GetPropertiesFromTask", "HEAD", `${TASK}/files/{path}`, headFile(taskFiles)],
  ["File_DeleteFromTask", "DELETE", `${TASK}/files/{path}`, deleteFile(taskFiles)],

  ["Application_List", "GET", "/applications"],
  ["Application_Get", "GET", "/applications/{application}"],
  ["Certificate_Add", "POST", "/certificates"],
  ["Certificate_List", "GET", "/certificates"],
  ["Certificate_Get", "GET", "/certificates({certificate})"],
  ["Certificate_Delete", "DELETE", "/certificates({certificate})"],
  ["Certificate_CancelDeletion", "POST", "/certificates({certificate})/canceldelete"],
];

export const OPERATIONS: readonly Operation[] = ROWS.map(([name, method, path, handler]) => ({
  name,
  method,
  path,
  ...(handler !== undefined && { handler }),
}));
