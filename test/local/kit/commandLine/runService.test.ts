import { test } from "vitest";
import { runService } from "../../../../src/local/kit/commandLine/runService.ts";
import { UserError } from "../../../../src/local/kit/userError.ts";
import { recordedOutput } from "./recordedOutput.ts";

const full = new UserError("StateNotSaved", "the disk is full", { hint: "Free some space." });
const never = new Promise<never>(() => {});

test("a service that fails says why before it is stopped, even if the stop hangs", async ({ expect }) => {
  const { output, stdout } = recordedOutput();
  const service = { failed: Promise.reject(full), stop: () => never };
  const context = { output, env: {}, signal: new AbortController().signal };

  await expect(runService(service, context, true, 10)).rejects.toBe(full);

  expect(JSON.parse(stdout())).toEqual({
    failure: { code: "StateNotSaved", message: "the disk is full", hint: "Free some space." },
  });
  expect(full.message).toContain("Cleaning up afterwards failed as well: The service did not stop within 0.01 s");
});

test("a service that is told to stop is stopped", async ({ expect }) => {
  const { output, stdout } = recordedOutput();
  let isStopped = false;
  const service = { failed: never, stop: async () => void (isStopped = true) };

  expect(await runService(service, { output, env: {}, signal: AbortSignal.abort() }, true)).toBe(0);

  expect(isStopped).toBe(true);
  expect(stdout()).toBe("");
});
