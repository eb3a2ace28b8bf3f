import { test } from "vitest";
import { readConfig } from "../../../src/config.ts";
import { hostEnvironment } from "../../../src/local/stack/appSettings.ts";

const stack = {
  storage: { connectionString: "local" },
  batch: { endpoint: "http://127.0.0.1:10010", accountName: "local", accountKey: "key" },
};

test("the Functions host sees the stack's storage and Batch, not those of the user's shell", ({ expect }) => {
  const shell = {
    STORAGE: "cloud",
    STORAGE__blobServiceUri: "https://cloud.blob.core.windows.net",
    AzureWebJobsStorage__accountName: "cloud",
    BATCH_ACCOUNT_ENDPOINT: "https://cloud.batch.azure.com",
    BLOB_TRIGGER_SOURCE: "EventGrid",
    AZURE_CLIENT_ID: "somebody",
    AZURITE_DB: "mysql://cloud",
  };

  const env = hostEnvironment(shell, stack);
  const config = readConfig(env);

  expect(config.storage).toEqual({ connectionString: "local", blobServiceUri: undefined, clientId: undefined });
  expect(config.batch.endpoint).toBe("http://127.0.0.1:10010");
  expect(config.triggerSource).toBe("LogsAndContainerScan");
  expect(Object.entries(env).filter(([, value]) => value?.includes("cloud"))).toEqual([]);
});

test("the user's own choices reach the Functions host", ({ expect }) => {
  const env = hostEnvironment({ MP3_BITRATE_KBPS: "320", BATCH_TASK_SLOTS_PER_NODE: "7", PATH: "/bin" }, stack);

  expect(readConfig(env)).toMatchObject({
    scriptEnvironments: { mp3: { MP3_BITRATE_KBPS: "320" } },
    batch: { taskSlotsPerNode: 7 },
  });
  expect(env["PATH"]).toBe("/bin");
});

test("the pool of the local stack has one node, because it costs nothing, unless the user wants it to scale", ({
  expect,
}) => {
  const scaling = (env: Record<string, string>) => readConfig(hostEnvironment(env, stack)).batch.scaling;

  expect(scaling({})).toEqual({ mode: "fixed", dedicatedNodes: 1, spotNodes: 0 });
  expect(scaling({ BATCH_POOL_SCALING: "auto", BATCH_MAX_NODES: "2" })).toMatchObject({ mode: "auto", maxNodes: 2 });
});

test("the local stack refuses no file for its size, unless the user says how large the disk is", ({ expect }) => {
  expect(readConfig(hostEnvironment({}, stack)).batch.nodeDiskBytes).toBeUndefined();
  expect(readConfig(hostEnvironment({ NODE_DISK_GB: "5" }, stack)).batch.nodeDiskBytes).toBe(5e9);
});

test("a proxy for the internet is not asked for the loopback", ({ expect }) => {
  const env = hostEnvironment({ HTTP_PROXY: "http://proxy:3128", NO_PROXY: "intranet" }, stack);

  expect(env["NO_PROXY"]).toBe("intranet,127.0.0.1,localhost");
  expect(env["HTTP_PROXY"]).toBe("http://proxy:3128");
});

test("the Functions host takes no long bodies, since the app has no use for them, unless the user wants it to", ({
  expect,
}) => {
  const name = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT";

  expect(Number(hostEnvironment({}, stack)[name])).toBeLessThanOrEqual(1024 * 1024);
  expect(hostEnvironment({ [name]: "5000000" }, stack)[name]).toBe("5000000");
});
