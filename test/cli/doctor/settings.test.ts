import { test } from "vitest";
import { checkDeployedSettings } from "../../../src/cli/doctor/deployment/deployedSettings.ts";
import { checkSettings, readWhatIsValid } from "../../../src/cli/doctor/settings.ts";

const MINIMAL = { STORAGE: "UseDevelopmentStorage=true", BATCH_ACCOUNT_ENDPOINT: "https://a.b" };

/** As infra/modules/app.bicep sets them. */
const DEPLOYED = {
  AzureWebJobsStorage__blobServiceUri: "https://st.blob.core.windows.net",
  STORAGE__blobServiceUri: "https://st.blob.core.windows.net",
  STORAGE__queueServiceUri: "https://st.queue.core.windows.net",
  STORAGE__credential: "managedidentity",
  STORAGE__clientId: "client",
  AZURE_CLIENT_ID: "client",
  BLOB_TRIGGER_SOURCE: "EventGrid",
  BATCH_ACCOUNT_ENDPOINT: "https://ba.westeurope.batch.azure.com",
  BATCH_POOL_ID: "mp3drop-1",
  BATCH_VM_SIZE: "standard_d2ds_v5",
};

test("settings that are valid are one line", ({ expect }) => {
  const env = { ...MINIMAL, BATCH_MAX_NODES: "9", PATH: "/bin", HOME: "/root", SHELL: "sh" };

  expect(checkSettings(env)).toEqual([{ what: "settings", state: "ok", detail: "3 are set, all are valid" }]);
});

test("each wrong value is a line, without the value where that may be a secret", ({ expect }) => {
  const found = checkSettings({ ...MINIMAL, BATCH_ACCOUNT_ENDPOINT: "AccountKey=abc", BATCH_MAX_NODES: "many" });

  expect(found.map(({ state, detail }) => `${state}: ${detail}`)).toEqual([
    "wrong: BATCH_ACCOUNT_ENDPOINT must be a URL that starts with https://",
    'wrong: BATCH_MAX_NODES must be a whole number from 1 to 100, not "many"',
  ]);
});

test("a name that nobody reads and that is close to a known one is a slip of the pen", ({ expect }) => {
  const found = checkSettings({ ...MINIMAL, BATCH_MAX_NODE: "9", batch_vm_size: "x", AZURE_BATCH_VM_SIZE: "x" });

  expect(found.map(({ state, detail, hint }) => [state, detail, hint?.split("?")[0]])).toEqual([
    ["warning", "nobody reads BATCH_MAX_NODE", "Did you mean BATCH_MAX_NODES"],
    ["warning", "nobody reads batch_vm_size", "Did you mean BATCH_VM_SIZE"],
  ]);
});

test("what is valid can still be used beside what is not", ({ expect }) => {
  const config = readWhatIsValid({ ...MINIMAL, BATCH_MAX_NODES: "many", BATCH_POOL_ID: "mine" });

  expect(config?.batch).toMatchObject({ poolId: "mine", scaling: { maxNodes: 4 } });
  expect(readWhatIsValid({ STORAGE: "UseDevelopmentStorage=true" })).toBeUndefined();
});

test("the settings of a deployment are as the template sets them", ({ expect }) => {
  expect(checkDeployedSettings(DEPLOYED, { BATCH_POOL_ID: "mp3drop-1" })).toMatchObject([{ state: "ok" }]);
});

test.for([
  ["BLOB_TRIGGER_SOURCE", "LogsAndContainerScan", "wrong", "BLOB_TRIGGER_SOURCE is not EventGrid"],
  ["STORAGE__queueServiceUri", "", "wrong", "STORAGE__queueServiceUri is not set"],
  ["AzureWebJobsStorage__blobServiceUri", "", "wrong", "AzureWebJobsStorage is not set, nor AzureWebJobsStorage__"],
  ["STORAGE__clientId", "other", "wrong", "STORAGE__clientId and AZURE_CLIENT_ID must name the same identity"],
  ["BATCH_POOL_ID", "mine", "warning", "BATCH_POOL_ID of the app is mine, but azd has mp3drop-1"],
] as const)("%s = %j in a deployment is %s", ([name, value, state, detail], { expect }) => {
  const found = checkDeployedSettings({ ...DEPLOYED, [name]: value }, { BATCH_POOL_ID: "mp3drop-1" });

  expect(found).toMatchObject([{ state, detail: expect.stringContaining(detail), hint: expect.any(String) }]);
});
