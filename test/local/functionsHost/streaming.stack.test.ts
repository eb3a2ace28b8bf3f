import { test } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { fixtureApp, startHostProcess } from "./hostProcess.ts";

test("with streaming on, requests and answers pass through the library's own server", async ({
  expect,
  onTestFinished,
}) => {
  const data = temporaryFolder();
  const env = { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: "10", FUNCTIONS_HOST_CORS: "http://localhost:3000" };
  const host = await startHostProcess({ app: fixtureApp("streaming"), data, env });
  onTestFinished(async () => void (await host.end("SIGKILL")));

  const post = async (body: BodyInit): Promise<number> => {
    const answer = await fetch(`${host.url}/api/upper/7`, { method: "POST", body, duplex: "half" } as RequestInit);
    await answer.text();
    return answer.status;
  };
  const upper = await fetch(`${host.url}/api/upper/7?q=a`, { method: "POST", body: "hello" });
  const links = await fetch(`${host.url}/api/links`);

  expect(upper.status).toBe(201);
  expect([upper.headers.get("x-id"), upper.headers.get("x-q")]).toEqual(["7", "a"]);
  expect(await upper.text()).toBe("HELLO");
  expect(await post("hello".repeat(3)), "too long by its declared length").toBe(413);
  expect(await post(new Blob(["hello".repeat(3)]).stream()), "too long when it has come").toBe(413);
  expect(await post(new Blob(["hello"]).stream()), "of undeclared length").toBe(201);
  const page = { headers: { origin: "http://localhost:3000" } };
  const shared = await fetch(`${host.url}/api/links`, page);
  expect(shared.headers.get("access-control-allow-origin")).toBe("http://localhost:3000");
  await expect(fetch(`${host.url}/api/half`).then((answer) => answer.text())).rejects.toThrow();
  expect(links.status).toBe(202);
  expect(links.headers.get("location")).toContain(`${host.url}/runtime/webhooks/durabletask/instances/my-id`);
  expect((await fetch(`${host.url}/api/silent`)).status).toBe(204);
  expect((await fetch(`${host.url}/api/broken`)).status).toBe(500);
  expect(await host.end("SIGTERM")).toBe(143);
});
