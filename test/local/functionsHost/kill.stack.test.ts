import { test } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { fixtureApp, startHostProcess } from "./hostProcess.ts";
import type { HostProcess } from "./hostProcess.ts";

const CRASHES = [
  { when: "before", commit: 2 },
  { when: "after", commit: 3 },
  { when: "before", commit: 5 },
  { when: "after", commit: 8 },
];

async function start(host: HostProcess): Promise<void> {
  await fetch(`${host.url}/api/start/chain/a`, { method: "POST", body: "3" }).catch(() => undefined);
}

async function readStatus(host: HostProcess): Promise<{ runtimeStatus?: string; output?: unknown }> {
  const response = await fetch(`${host.url}/api/status/a`);
  return response.ok ? ((await response.json()) as object) : {};
}

test("a host that is killed at any commit finishes its orchestration after the next start", async ({
  expect,
  onTestFinished,
}) => {
  const app = fixtureApp("basic");

  for (const crash of CRASHES) {
    const data = temporaryFolder();
    const env = { FUNCTIONS_HOST_FAULTS: JSON.stringify({ crash, deliverTwice: true, executeActivitiesTwice: true }) };
    const first = await startHostProcess({ app, data, env });
    await start(first);
    expect(await first.ended()).toBe("SIGKILL");

    const second = await startHostProcess({ app, data });
    onTestFinished(async () => void (await second.end("SIGKILL")));
    let status = await readStatus(second);
    if (status.runtimeStatus === undefined) await start(second);
    while (status.runtimeStatus !== "Completed") status = await readStatus(second);
    expect(status.output).toBe(24);
    expect(await second.end("SIGTERM")).toBe(143);
  }
});

test("with a virtual clock an hour passes at once", async ({ expect, onTestFinished }) => {
  const env = { FUNCTIONS_HOST_FAULTS: JSON.stringify({ virtualClock: true }) };
  const host = await startHostProcess({ app: fixtureApp("basic"), data: temporaryFolder(), env });
  onTestFinished(async () => void (await host.end("SIGKILL")));

  const started = await fetch(`${host.url}/api/start/race/hour`, { method: "POST", body: "1" });
  const { statusQueryGetUri } = (await started.json()) as { statusQueryGetUri: string };
  let status = { output: null as unknown, runtimeStatus: "" };
  while (status.runtimeStatus !== "Completed") {
    status = (await (await fetch(statusQueryGetUri)).json()) as typeof status;
  }

  expect(status.output).toBe("timer");
});
