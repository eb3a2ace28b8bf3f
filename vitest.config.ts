import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: ["test/buildOnce.ts"],
    setupFiles: ["test/quietFunctionsLibrary.ts"],
    restoreMocks: true,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.stack.test.ts"],
          testTimeout: 5_000,
        },
      },
      {
        extends: true,
        test: { name: "stack", include: ["test/**/*.stack.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 },
      },
    ],
  },
});
