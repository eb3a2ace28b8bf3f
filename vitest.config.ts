import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: ["test/buildOnce.ts"],
    setupFiles: ["test/quietFunctionsLibrary.ts"],
    restoreMocks: true,
    // Most tests wait for other processes; with the default of one worker less than there are cores, two cores idle.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.stack.test.ts"],
          testTimeout: 5_000,
          // One load of the Azure libraries for each worker, not for each file: no unit test replaces a module.
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: "stack", include: ["test/**/*.stack.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 },
      },
    ],
  },
});
