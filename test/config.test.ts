import { readFileSync } from "node:fs";
import { test } from "vitest";
import { readConfig } from "../src/config.ts";
import type { ConfigurationError } from "../src/model/errors.ts";

const needed = {
  STORAGE: "UseDevelopmentStorage=true",
  BATCH_ACCOUNT_ENDPOINT: "https://a.westeurope.batch.azure.com",
};

test("only the storage account and the Batch endpoint have to be set", ({ expect }) => {
  const config = readConfig(needed);

  expect(config.containers).toEqual({ input: "input", output: "output", staging: "work", application: "application" });
  expect(config.batch).toMatchObject({ poolId: "mp3drop", sharedKey: undefined });
  expect(config.batch.scaling).toEqual({ mode: "auto", maxNodes: 4, dedicatedPercent: 0 });
  expect(config.workloads.map(({ name }) => name)).toEqual(["mp3"]);
  expect(config.scriptEnvironments["mp3"]).toMatchObject({ MP3_BITRATE_KBPS: "192", AUDIO_LANGUAGE: "" });
});

test("all problems are reported together, each with its value", ({ expect }) => {
  const env = {
    STORAGE__blobServiceUri: "ftp://x",
    BATCH_ACCOUNT_KEY: "c2VjcmV0",
    BATCH_POOL_SCALING: "fixed",
    BATCH_DEDICATED_NODES: "0",
    MP3_BITRATE_KBPS: "191",
    TOP_WORDS_COUNT: "0",
    WORKLOADS: "mp3,mp4",
    OUTPUT_CONTAINER: "input",
    STAGING_CONTAINER: "Work_1",
    BATCH_NODE_IMAGE: "ubuntu",
    WAITING_TIMEOUT_MINUTES: "soon",
    NOT_BEFORE: "2026-02-30",
    BATCH_NODE_IDENTITY_ID: "node",
  };

  expect(() => readConfig(env)).toThrowErrorMatchingInlineSnapshot(`
    [ConfigurationError: Invalid settings:
      - STORAGE__blobServiceUri must be a URL that starts with https://
      - BATCH_ACCOUNT_NAME is not set: BATCH_ACCOUNT_KEY needs it
      - BATCH_ACCOUNT_ENDPOINT is not set
      - BATCH_NODE_IMAGE must look like publisher:offer:sku, not "ubuntu"
      - BATCH_DEDICATED_NODES and BATCH_SPOT_NODES are both 0: nothing would ever be converted
      - BATCH_NODE_IDENTITY_ID must be the resource id of a user-assigned identity, /subscriptions/…/resourceGroups/…/providers/Microsoft.ManagedIdentity/userAssignedIdentities/…, not "node"
      - STAGING_CONTAINER must be 3 to 63 lower-case letters, digits and single hyphens, not "Work_1"
      - WORKLOADS must be one or more of mp3, topWords, separated by commas, not "mp3,mp4"
      - NOT_BEFORE must be a date such as 2026-01-31 or a time such as 2026-01-31T18:00:00Z, not "2026-02-30"
      - MP3_BITRATE_KBPS must be one of 64, 96, 128, 160, 192, 256, 320, not "191"
      - TOP_WORDS_COUNT must be a whole number from 1 to 1000000, not "0"
      - WAITING_TIMEOUT_MINUTES must be a whole number from 0 to 43200, not "soon"
      - the four containers must differ, not be input, input, Work_1, application: a result in the input container could be converted again
    See local.settings.example.json.]
  `);
});

test("the app has one identity, whichever of the two settings names it", ({ expect }) => {
  for (const env of [
    { STORAGE__clientId: "a" },
    { AZURE_CLIENT_ID: "a" },
    { STORAGE__clientId: "a", AZURE_CLIENT_ID: "a" },
  ]) {
    const { storage, batch } = readConfig({ ...needed, ...env });
    expect([storage.clientId, batch.clientId]).toEqual(["a", "a"]);
  }
  expect(() => readConfig({ ...needed, STORAGE__clientId: "a", AZURE_CLIENT_ID: "b" })).toThrow(
    "STORAGE__clientId and AZURE_CLIENT_ID must name the same identity, not a and b",
  );
});

test("a setting that has no effect in the chosen scaling of the pool is a problem", ({ expect }) => {
  const problems = (env: Record<string, string>) => {
    try {
      readConfig({ ...needed, ...env });
    } catch (error) {
      return (error as ConfigurationError).problems;
    }
    return [];
  };

  expect(problems({ BATCH_SPOT_NODES: "2", BATCH_MAX_NODES: "8", BATCH_DEDICATED_PERCENT: "25" })).toEqual([
    "BATCH_SPOT_NODES has no effect unless BATCH_POOL_SCALING is fixed: remove one or change the other",
  ]);
  expect(problems({ BATCH_POOL_SCALING: "fixed", BATCH_SPOT_NODES: "2", BATCH_MAX_NODES: "8" })).toEqual([
    "BATCH_MAX_NODES has no effect unless BATCH_POOL_SCALING is auto: remove one or change the other",
  ]);
  expect(problems({ BATCH_POOL_SCALING: "fixed", BATCH_SPOT_NODES: "2" })).toEqual([]);
});

test("who is told of ends is off by default, and needs a secret for what is sent to a URL", ({ expect }) => {
  const notifyOf = (env: Record<string, string>) => readConfig({ ...needed, ...env }).notify;
  const NOTIFY_SECRET = `whsec_${Buffer.alloc(32, "k").toString("base64")}`;

  expect(notifyOf({})).toEqual({ queue: undefined, webhook: undefined });
  expect(notifyOf({ NOTIFY_QUEUE: "conversions" }).queue).toBe("conversions");
  for (const NOTIFY_URL of ["https://example.com/hook?code=1", "http://127.0.0.1:8080/", "http://[::1]/x"]) {
    expect(notifyOf({ NOTIFY_URL, NOTIFY_SECRET }).webhook).toEqual({ url: NOTIFY_URL, secret: NOTIFY_SECRET });
  }
  const wrong = [
    [{ NOTIFY_QUEUE: "My_Queue" }, "NOTIFY_QUEUE must be 3 to 63 lower-case letters"],
    [{ NOTIFY_URL: "http://example.com/hush", NOTIFY_SECRET }, "NOTIFY_URL must be a URL that starts with https://"],
    [{ NOTIFY_URL: "https://me:hush@example.com/", NOTIFY_SECRET }, "NOTIFY_URL must be a URL"],
    [{ NOTIFY_URL: "https://example.com/hush" }, "NOTIFY_SECRET, which signs what is sent to NOTIFY_URL, must be"],
    [{ NOTIFY_URL: "https://example.com/", NOTIFY_SECRET: "whsec_aHVzaA==" }, "NOTIFY_SECRET"],
    [{ STORAGE: "", STORAGE__blobServiceUri: "https://x", NOTIFY_QUEUE: "conversions" }, "STORAGE__queueServiceUri is"],
  ] as const;
  for (const [env, problem] of wrong) {
    expect(() => notifyOf(env)).toThrow(problem);
    expect(() => notifyOf(env)).toThrow(expect.objectContaining({ message: expect.not.stringMatching(/hush|aHVzaA/) }));
  }
});

test("a time is a date, or has its zone, so that it means the same everywhere", ({ expect }) => {
  const timeOf = (NOT_BEFORE: string) => readConfig({ ...needed, NOT_BEFORE }).notBefore?.toISOString();

  expect(timeOf("")).toBeUndefined();
  expect(timeOf("2026-01-31")).toBe("2026-01-31T00:00:00.000Z");
  expect(timeOf("2026-01-31T18:00+02:00")).toBe("2026-01-31T16:00:00.000Z");
  for (const wrong of ["yesterday", "2026-01-31T18:00:00", "2026-13-01", "2026-01-31T25:00Z"]) {
    expect(() => timeOf(wrong), wrong).toThrow("NOT_BEFORE must be a date such as");
  }
});

test("the disk of a node follows from its size, unless it is set", ({ expect }) => {
  const diskOf = (env: Record<string, string>) => readConfig({ ...needed, ...env }).batch.nodeDiskBytes;

  expect(diskOf({})).toBe(75 * 1024 ** 3);
  expect(diskOf({ BATCH_VM_SIZE: "standard_d2s_v5" })).toBeUndefined();
  expect(diskOf({ BATCH_VM_SIZE: "standard_d2s_v5", NODE_DISK_GB: "30" })).toBe(30e9);
  expect(diskOf({ NODE_DISK_GB: "0" })).toBeUndefined();
});

test("the app in Azure does not start without keys and without the authentication of the site", ({ expect }) => {
  const read = (env: Record<string, string>) => readConfig({ ...needed, API_SIGN_IN: "true", ...env }).apiSignIn;

  expect(() => read({ WEBSITE_SITE_NAME: "drop" })).toThrow("the authentication of the site is off");
  expect(() => read({ WEBSITE_SITE_NAME: "drop", WEBSITE_AUTH_ENABLED: "False" })).toThrow();
  expect(read({ WEBSITE_SITE_NAME: "drop", WEBSITE_AUTH_ENABLED: "True" })).toBe(true);
  expect(readConfig({ ...needed, WEBSITE_SITE_NAME: "drop" }).apiSignIn).toBe(false);
});

test("the message about wrong settings shows no secret", ({ expect }) => {
  const env = { STORAGE__blobServiceUri: "AccountKey=hush", BATCH_ACCOUNT_KEY: "hush", BATCH_ACCOUNT_ENDPOINT: "hush" };

  expect(() => readConfig(env)).toThrow(expect.objectContaining({ message: expect.not.stringContaining("hush") }));
});

test("the example settings are valid, and name every setting with the default that it has for the local stack", ({
  expect,
}) => {
  const { Values } = JSON.parse(readFileSync("local.settings.example.json", "utf8")) as {
    Values: Record<string, string>;
  };
  const asked = new Set<string>();
  const recorder = new Proxy(Values, {
    get: (values, name: string) => {
      asked.add(name);
      return values[name];
    },
  });

  const example = readConfig(recorder);
  const defaults = readConfig({ ...needed, BATCH_POOL_SCALING: "fixed" });

  expect({ ...example, storage: {}, batch: { ...example.batch, endpoint: "", sharedKey: undefined } }).toEqual({
    ...defaults,
    storage: {},
    batch: { ...defaults.batch, endpoint: "" },
  });
  const ofIdentities = [
    "STORAGE__blobServiceUri",
    "STORAGE__queueServiceUri",
    "STORAGE__clientId",
    "AZURE_CLIENT_ID",
    "BATCH_NODE_IDENTITY_ID",
  ];
  const ofTheHost = ["FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"];
  const ofAzure = ["WEBSITE_AUTH_ENABLED", "WEBSITE_SITE_NAME"];
  expect([...asked].filter((name) => ![...ofIdentities, ...ofAzure].includes(name)).toSorted()).toEqual(
    Object.keys(Values)
      .filter((name) => !ofTheHost.includes(name))
      .toSorted(),
  );
});
