import { test } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { fixtureApp, startHostProcess } from "./hostProcess.ts";

test("every hook of an app is called, with the data that hooks of its scope share", async ({
  expect,
  onTestFinished,
}) => {
  const data = temporaryFolder();
  const host = await startHostProcess({ app: fixtureApp("hooks"), data });
  onTestFinished(async () => void (await host.end("SIGKILL")));

  const told = await fetch(`${host.url}/api/tell`);
  const failed = await fetch(`${host.url}/api/fail`);

  expect([told.status, await told.text()]).toEqual([200, "told"]);
  expect([failed.status, await failed.text()]).toEqual([418, "saved by the hook"]);
  await host.logged(/^\[information\] tell: told \(seen by tell\)$/);
  await host.logged(/^\[warning\] tell: A log hook of the app failed: Error: the hook is broken$/);
  await host.logged(/^\[information\] tell: break$/);
  expect(await host.end("SIGTERM")).toBe(143);
  const after = "postInvocation after preInvocation";
  expect(await host.logged(/^steps/)).toBe(`steps: tell, ${after}, fail, ${after}; appTerminate after appStart`);
});

test("a function that logs after it has ended draws a warning", async ({ expect, onTestFinished }) => {
  const data = temporaryFolder();
  const host = await startHostProcess({ app: fixtureApp("hooks"), data });
  onTestFinished(async () => void (await host.end("SIGKILL")));

  await fetch(`${host.url}/api/late`);
  await host.logged(/too late/);

  const warning = await host.logged(/^\[warning\] late: /);
  expect(warning).toContain("Warning: Unexpected call to 'log' on the context object");
});
