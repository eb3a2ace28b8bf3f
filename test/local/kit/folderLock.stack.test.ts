import type { ChildProcess } from "node:child_process";
import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";

const CONTENDERS = 3;
const ROUNDS = 150;
const START_TOGETHER_MS = 4;

interface Answer {
  readonly isHolder?: boolean;
  readonly sees?: number;
  readonly code?: string;
}

function startContender(): ChildProcess {
  const child = fork(join(import.meta.dirname, "standIns", "contender.mjs"), { execArgv: [] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function ask(child: ChildProcess, question: object): Promise<Answer> {
  const answer = once(child, "message");
  child.send(question);
  const [message] = (await answer) as [Answer];
  return message;
}

test.for(["no lock", "a stale lock"])(
  "of processes that start at the same moment on a folder with %s, exactly one gets it",
  async (before, { expect }) => {
    const folder = temporaryFolder();
    const path = join(folder, "lock");
    const stale = JSON.stringify({ pid: spawnSync(process.execPath, ["--version"]).pid, startedAt: "1" });
    const contenders = Array.from({ length: CONTENDERS }, startContender);
    const holders: number[] = [];
    const codes = new Set<string | undefined>();

    for (let round = 0; round < ROUNDS; round++) {
      if (before === "a stale lock") writeFileSync(path, stale);
      const at = Date.now() + START_TOGETHER_MS;
      const answers = await Promise.all(contenders.map((child) => ask(child, { path, at })));
      holders.push(answers.filter(({ isHolder }) => isHolder).length);
      for (const { isHolder, code } of answers) if (!isHolder) codes.add(code);
      await Promise.all(contenders.map((child) => ask(child, {})));
    }

    expect(holders.filter((count) => count !== 1)).toEqual([]);
    expect([...codes]).toEqual(["DataFolderInUse"]);
    expect(readdirSync(folder)).toEqual([]);
  },
);
