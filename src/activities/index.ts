import { services } from "../azure/azureServices.ts";
import { defineActivity, defineStarter } from "../durable.ts";
import * as ending from "./endTasks.ts";
import * as ensure from "./ensureBatch.ts";
import * as noting from "./noteNodeFailure.ts";
import * as untold from "./noteUntold.ts";
import * as telling from "./notify.ts";
import * as publishing from "./publish.ts";
import * as reading from "./readTask.ts";
import * as failing from "./recordFailure.ts";
import * as starting from "./startTelling.ts";
import * as submitting from "./submitTask.ts";

/** Our containers and scripts are looked for again, and made where somebody has deleted them. */
export const ensureLayout = defineActivity("ensureLayout", async () => {
  await services().layout.ensure({ isFresh: true });
});
/** One activity with what a task needs, because that is there in general, and each activity costs a turn. */
export const submitTask = defineActivity("submitTask", async (input: submitting.SubmitTaskInput, { warn }) => {
  await ensure.ensureBatch(services(), input, warn);
  return submitting.submitTask(services(), input);
});
export const readTask = defineActivity("readTask", (input: reading.ReadTaskInput) =>
  reading.readTask(services(), input),
);
export const publish = defineActivity("publish", (input: publishing.PublishInput) =>
  publishing.publish(services(), input),
);
export const recordFailure = defineActivity("recordFailure", (input: failing.RecordFailureInput) =>
  failing.recordFailure(services(), input),
);
export const noteNodeFailure = defineActivity("noteNodeFailure", (input: noting.NoteNodeFailureInput) =>
  noting.noteNodeFailure(services(), input),
);
export const endTasks = defineActivity("endTasks", (input: ending.EndTasksInput) => ending.endTasks(services(), input));
export const startTelling = defineStarter("startTelling", (input: starting.StartTellingInput, client) =>
  starting.startTelling(services(), client, input),
);
export const notify = defineActivity("notify", (input: telling.NotifyInput) => telling.notify(services(), input));
export const noteUntold = defineActivity("noteUntold", (input: untold.NoteUntoldInput) =>
  untold.noteUntold(services(), input),
);
