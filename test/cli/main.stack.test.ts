import { readFileSync } from "node:fs";
import { test } from "vitest";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { startCli } from "./runCli.ts";

async function run(...args: string[]) {
  const cli = startCli(args, { cwd: temporaryFolder() });
  const { code } = await cli.exit;
  return { code, stdout: cli.stdout(), stderr: cli.stderr() };
}

test("help goes to stdout, with examples before options", async ({ expect }) => {
  const { code, stdout, stderr } = await run("--help");

  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.indexOf("Examples")).toBeLessThan(stdout.indexOf("Options"));
});

test("each command has its own help", async ({ expect }) => {
  const helps = await Promise.all(["local", "convert", "batch-emulator"].map((command) => run(command, "--help")));

  expect(helps.map(({ code, stderr }) => [code, stderr])).toEqual([
    [0, ""],
    [0, ""],
    [0, ""],
  ]);
  expect(helps.every(({ stdout }) => stdout.includes("--data"))).toBe(true);
});

test("the version is that of the package", async ({ expect }) => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

  expect(await run("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

test("wrong usage exits with 2, a sentence and a hint, and no stack", async ({ expect }) => {
  const wrong = await Promise.all([
    run("lokal"),
    run("local", "--blob-port", "x"),
    run("convert", "missing.mp4"),
    run(),
  ]);

  expect(wrong.map(({ code, stdout }) => [code, stdout])).toEqual(wrong.map(() => [2, ""]));
  expect(wrong[0]?.stderr).toBe('WrongUsage: There is no command "lokal"\nDid you mean `mp3drop local`?\n');
  expect(wrong[2]?.stderr).toContain("missing.mp4: there is no such file or folder");
  expect(wrong.every(({ stderr }) => !stderr.includes("    at "))).toBe(true);
});
