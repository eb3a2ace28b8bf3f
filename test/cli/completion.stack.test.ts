import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, test } from "vitest";
import { COMMANDS } from "../../src/cli/commandTable.ts";
import { bashCompletion } from "../../src/cli/completion/bash.ts";
import type { CompletedCommand } from "../../src/cli/completion/completedCommand.ts";
import { fishCompletion } from "../../src/cli/completion/fish.ts";
import { zshCompletion } from "../../src/cli/completion/zsh.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

/** A shell that waits for more would wait for ever. */
const SHELL_BOUND_MS = 30_000;

const ZSH = join(import.meta.dirname, "..", "fixtures", "zsh");

let commands: CompletedCommand[];

beforeAll(async () => {
  commands = await Promise.all(COMMANDS.map(({ describe }) => describe()));
});

/** A folder with two videos, one of which has a name that has to be quoted. */
function videos(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "talks"));
  for (const name of ["intro.mp4", "in two $(words).mp4", "talks/a.mp4"]) writeFileSync(join(folder, name), "");
  return folder;
}

/** The lines that a shell prints. */
async function runShell(
  shell: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string[]> {
  const running = promisify(execFile)(shell, args, { cwd, env: { ...process.env, ...env }, timeout: SHELL_BOUND_MS });
  running.child.stdin?.end();
  return (await running).stdout.split("\n").slice(0, -1);
}

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ["--version"]).status === 0;
}

/** The words that bash offers for the last word of each line; it gets them split as it would split them. */
async function inBash(lines: readonly (readonly string[])[], cwd: string = temporaryFolder()): Promise<string[][]> {
  const calls = lines.map((words) => {
    const quoted = ["mp3drop", ...words].map((word) => `'${word}'`);
    return `COMP_WORDS=(${quoted.join(" ")}); COMP_CWORD=${words.length}; _mp3drop; printf '%s\\n' "\${COMPREPLY[@]}" .`;
  });
  const script = [bashCompletion(commands), ...calls].join("\n");
  const answers: string[][] = [[]];
  for (const line of await runShell("bash", ["--norc", "--noprofile", "-c", script], cwd)) {
    if (line === ".") answers.push([]);
    else if (line !== "") answers.at(-1)?.push(line);
  }
  return answers.slice(0, -1);
}

test("bash completes the commands", async ({ expect }) => {
  expect(await inBash([[""], ["l"], ["help", "re"]])).toEqual([
    [...COMMANDS.map(({ name }) => name), "help", "--help", "--version"],
    ["list", "log", "local"],
    ["retry"],
  ]);
});

test("bash completes the options of every command", async ({ expect }) => {
  const offered = await inBash([...commands.map(({ name }) => [name, "--"]), ["list", "--json", "--st"]]);

  expect(offered).toEqual([
    ...commands.map(({ options }) => [...Object.keys(options), "help"].map((option) => `--${option}`)),
    ["--status"],
  ]);
});

test("bash completes values that are known, also after an equals sign and after a comma", async ({ expect }) => {
  const statuses = ["running", "succeeded", "failed", "cancelled"];

  expect(
    await inBash([
      ["list", "--status", ""],
      ["list", "--status", "=", "f"],
      ["list", "--status", "="],
    ]),
  ).toEqual([statuses, ["failed"], statuses]);
  expect(
    await inBash([
      ["list", "--status", "failed,ca"],
      ["clean", "--only", ""],
      ["completion", ""],
    ]),
  ).toEqual([["failed,cancelled"], ["inputs", "job", "pool"], ["bash", "zsh", "fish"]]);
});

test("bash offers files where files are due, folders where folders are, and nothing where it knows nothing", async ({
  expect,
}) => {
  const [files, folders, ...nothing] = await inBash(
    [
      ["convert", "in"],
      ["convert", "--out", ""],
      ["list", "--limit", ""],
      ["list", ""],
    ],
    videos(),
  );

  expect(files?.toSorted()).toEqual(["in two $(words).mp4", "intro.mp4"]);
  expect(folders).toEqual(["talks"]);
  expect(nothing).toEqual([[], []]);
});

test("fish completes commands, options, values and files", async ({ expect, skip }) => {
  skip(!isInstalled("fish"), "fish is not installed: its completion was not tried");
  const folder = videos();
  const inFish = async (line: string): Promise<string[]> => {
    const script = `${fishCompletion(commands)}\ncomplete -C '${line}'`;
    const answers = await runShell("fish", ["--no-config", "-c", script], folder);
    return answers.map((answer) => answer.split("\t", 1)[0] ?? "").toSorted();
  };

  expect(await inFish("mp3drop ")).toEqual([...COMMANDS.map(({ name }) => name), "help"].toSorted());
  expect(await inFish("mp3drop list --st")).toEqual(["--status"]);
  expect(await inFish("mp3drop list --status ")).toEqual(["cancelled", "failed", "running", "succeeded"]);
  expect(await inFish("mp3drop list --status failed,ca")).toEqual(["failed,cancelled"]);
  expect(await inFish("mp3drop convert int")).toEqual(["intro.mp4"]);
  expect(await inFish("mp3drop convert --out ")).toEqual(["talks/"]);
  expect(await inFish("mp3drop list --limit ")).toEqual([]);
  expect(await inFish("mp3drop completion ")).toEqual(["bash", "fish", "zsh"]);
});

test("zsh completes commands, values and files", async ({ expect, skip }) => {
  skip(!isInstalled("zsh"), "zsh is not installed: its completion was not tried");
  const folder = videos();
  const lines = ["mp3drop ", "mp3drop list --status ", "mp3drop convert int"];

  expect(await Promise.all(lines.map((line) => inZsh(line, folder)))).toEqual([
    [...COMMANDS.map(({ name }) => name), "help"],
    ["running", "succeeded", "failed", "cancelled"],
    ["intro.mp4"],
  ]);
});

/** What zsh offers for a line that is typed into it. */
function inZsh(line: string, cwd: string): Promise<string[]> {
  const completion = join(temporaryFolder(), "completion.zsh");
  writeFileSync(completion, zshCompletion(commands));
  const env = { LINE: line, COMPLETION: completion, SETUP: join(ZSH, "setup.zsh") };
  return runShell("zsh", ["-f", join(ZSH, "complete.zsh")], cwd, env);
}
