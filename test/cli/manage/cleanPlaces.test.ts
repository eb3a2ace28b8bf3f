import { test } from "vitest";
import { AppApi } from "../../../src/cli/api/appApi.ts";
import { findPlaces } from "../../../src/cli/manage/cleanPlaces.ts";
import type { StackConnection } from "../../../src/local/stack/stackState.ts";

const url = "http://127.0.0.1:1";
const STACK: StackConnection = {
  storage: { connectionString: "UseDevelopmentStorage=true" },
  batch: { endpoint: url, accountName: "local", accountKey: "a2V5" },
  functions: { url },
  data: "/data",
};

function placesFrom(stack: StackConnection, env: NodeJS.ProcessEnv) {
  const { containers, workloads, batch } = findPlaces(
    { api: new AppApi({ url, key: undefined }), stack, isNear: true },
    env,
  );
  return { containers, workloads: workloads.map(({ name }) => name), pool: batch?.settings.poolId };
}

const OTHER_ENVIRONMENT = { WORKLOADS: "topWords", INPUT_CONTAINER: "texts", BATCH_POOL_ID: "theirs" };

test("clean goes by the settings of the running stack, whatever its own environment says", ({ expect }) => {
  const settings = {
    INPUT_CONTAINER: "videos",
    OUTPUT_CONTAINER: "output",
    WORKLOADS: "mp3,topWords",
    BATCH_POOL_ID: "ours",
    BATCH_JOB_ID: "ours",
  };

  expect(placesFrom({ ...STACK, settings }, OTHER_ENVIRONMENT)).toMatchObject({
    containers: { input: "videos" },
    workloads: ["mp3", "topWords"],
    pool: "ours",
  });
});

test("where the stack is of a version that does not tell them, clean goes by its environment", ({ expect }) => {
  expect(placesFrom(STACK, OTHER_ENVIRONMENT)).toMatchObject({
    containers: { input: "texts" },
    workloads: ["topWords"],
    pool: "theirs",
  });
});
