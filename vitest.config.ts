import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longestFirst.ts";
import { PATIENCE_MS, STACK_TEST_BOUND_MS, UNIT_TEST_BOUND_MS } from "./test/patience.ts";

const STACK = "test/**/*.stack.test.ts";
/** They load the built app into their own process, which takes its settings from there, once. */
const IN_A_PROCESS_OF_THEIR_OWN = ["test/functions/signIn.stack.test.ts", "test/functions/starts.stack.test.ts"];
/** Most of the time of such a test is spent in other processes. */
const stack = {
  testTimeout: STACK_TEST_BOUND_MS,
  hookTimeout: STACK_TEST_BOUND_MS,
  expect: { poll: { timeout: PATIENCE_MS } },
};

export default defineConfig({
  test: {
    globalSetup: ["test/buildOnce.ts"],
    setupFiles: ["test/quietFunctionsLibrary.ts", "test/sameCases.ts"],
    restoreMocks: true,
    // Most tests wait for other processes half of the time: with a worker for each of two cores, the cores wait, too.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // One load of the Azure libraries for each worker, not for each file: no test replaces a module.
    isolate: false,
    projects: [
      {
        extends: true,
        test: { name: "app", include: IN_A_PROCESS_OF_THEIR_OWN, isolate: true, ...stack },
      },
      {
        extends: true,
        test: {
          name: "stack",
          include: [STACK],
          exclude: IN_A_PROCESS_OF_THEIR_OWN,
          globalSetup: ["test/sharedAzurite.ts"],
          ...stack,
        },
      },
      {
        extends: true,
        test: { name: "unit", include: ["test/**/*.test.ts"], exclude: [STACK], testTimeout: UNIT_TEST_BOUND_MS },
      },
    ],
  },
});
