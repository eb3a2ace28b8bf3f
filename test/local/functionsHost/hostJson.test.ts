import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { parseTimeSpan, readHostJson } from "../../../src/local/functionsHost/hostJson.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

function folderWith(hostJson: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "host.json"), hostJson);
  return folder;
}

test("limits are read, and defaults fill the rest", ({ expect }) => {
  const folder = folderWith(
    JSON.stringify({
      version: "2.0",
      functionTimeout: "00:05:00",
      logging: { logLevel: { default: "Warning" } },
      extensions: {
        http: { routePrefix: "" },
        blobs: { maxDegreeOfParallelism: 3, poisonBlobThreshold: 2 },
        queues: {
          batchSize: 8,
          visibilityTimeout: "00:00:30",
          maxPollingInterval: "00:00:02",
          messageEncoding: "None",
        },
        durableTask: { hubName: "MyHub", maxConcurrentActivityFunctions: 7, maxConcurrentOrchestratorFunctions: 5 },
      },
    }),
  );

  expect(readHostJson(folder, {})).toMatchObject({
    functionTimeoutMs: 300_000,
    logLevels: { default: "Warning" },
    routePrefix: "",
    maxDegreeOfParallelism: 3,
    poisonBlobThreshold: 2,
    hubName: "MyHub",
    queues: {
      batchSize: 8,
      newBatchThreshold: 4,
      maxDequeueCount: 5,
      visibilityTimeoutMs: 30_000,
      maxPollingIntervalMs: 2_000,
      messageEncoding: "none",
    },
    maxConcurrentActivityFunctions: 7,
    maxConcurrentOrchestratorFunctions: 5,
    maxOrchestrationActions: 100_000,
  });
});

test("the hub name may be an app setting", ({ expect }) => {
  const folder = folderWith('{ "version": "2.0", "extensions": { "durableTask": { "hubName": "%HUB%" } } }');

  expect(readHostJson(folder, { HUB: "FromSetting" }).hubName).toBe("FromSetting");
});

test("every mistake is reported at once", ({ expect }) => {
  const folder = folderWith(
    '{ "version": "1.0", "functionTimeout": "five", "extensions": { "blobs": { "poisonBlobThreshold": 0 } } }',
  );

  expect(() => readHostJson(folder, {})).toThrow(
    /version: .*functionTimeout: .*extensions.blobs.poisonBlobThreshold: /,
  );
});

test("a file that is not JSON is named", ({ expect }) => {
  const folder = folderWith("{");

  expect(() => readHostJson(folder, {})).toThrow(`${join(folder, "host.json")} is not JSON`);
});

test("time spans have days, hours, minutes and seconds", ({ expect }) => {
  expect(parseTimeSpan("00:00:30")).toBe(30_000);
  expect(parseTimeSpan("3.00:00:00")).toBe(3 * 86_400_000);
  expect(parseTimeSpan("ten")).toBeUndefined();
});
