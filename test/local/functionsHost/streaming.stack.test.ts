import { test } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { fixtureApp, startHostProcess } from "./hostProcess.ts";

test("with streaming on, requests and answers pass through the library's own server", async ({
  expect,
  onTestFinished,
}) => {
  const data = temporaryFolder();
  const host = await startHostProcess({ app: fixtureApp("streaming"), data });
  onTestFinished(async () => void (await host.end("SIGKILL")));

  const upper = await fetch(`${host.url}/api/upper/7?q=a`, { method: "POST", body: "hello" });
  const links = await fetch(`${host.url}/api/links`);

  expect(upper.status).toBe(201);
  expect([upper.headers.get("x-id"), upper.headers.get("x-q")]).toEqual(["7", "a"]);
  expect(await upper.text()).toBe("HELLO");
  expect(links.status).toBe(202);
  expect(links.headers.get("location")).toContain(`${host.url}/runtime/webhooks/durabletask/instances/my-id`);
  expect((await fetch(`${host.url}/api/silent`)).status).toBe(204);
  expect((await fetch(`${host.url}/api/broken`)).status).toBe(500);
  expect(await host.end("SIGTERM")).toBe(143);
});
