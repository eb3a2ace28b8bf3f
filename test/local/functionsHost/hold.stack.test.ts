import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { SETTINGS_QUESTION } from "../../../src/local/functionsHost/heldSettings.ts";
import { ChildService } from "../../../src/local/kit/childService.ts";
import { builtScript } from "../../../src/local/kit/appRoot.ts";
import { readJsonLine } from "../../../src/local/kit/lines.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { fixtureApp } from "./hostProcess.ts";

function startHeld(answer: Promise<string>, onStarted: (pid: number) => void = () => {}) {
  const data = temporaryFolder();
  return ChildService.start({
    name: "The host",
    script: builtScript("local/functionsHost/main.ts"),
    args: () => ["--app", fixtureApp("basic"), "--data", data, "--port", "0", "--json", "--hold"],
    env: { PATH: process.env["PATH"] },
    logFile: join(data, "host.log"),
    createReadyReader: () => (line) => readJsonLine<{ url: string }>(line),
    question: { line: SETTINGS_QUESTION, answer },
    events: { onStarted },
  });
}

test("a host that was started early takes its settings when they come, and asks again after a restart", async ({
  expect,
}) => {
  const pids: number[] = [];
  const settings = JSON.stringify({ FUNCTIONS_HOST_FUNCTION_KEY: "the key of the settings" });
  const host = await startHeld(Promise.resolve(settings), (pid) => pids.push(pid));
  onTestFinished(() => host.stop());
  const statusWith = async (key: string): Promise<number | undefined> => {
    const { url } = host.ready;
    const response = await fetch(`${url}/api/secret`, { headers: { "x-functions-key": key } }).catch(() => undefined);
    return response?.status;
  };

  expect([await statusWith("another"), await statusWith("the key of the settings")]).toEqual([401, 200]);
  process.kill(pids[0] ?? 0, "SIGKILL");

  await expect.poll(() => pids.length).toBe(2);
  await expect.poll(() => statusWith("the key of the settings")).toBe(200);
});

test("a host whose settings cannot be found stops, and the failure says why", async ({ expect }) => {
  const starting = startHeld(Promise.reject(new Error("no storage")));

  await expect(starting).rejects.toThrow("The host could not be told what it asked for: no storage");
});
