import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { poolStartTaskFor } from "../../src/azure/batch/poolStartTask.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

const FFMPEG = { check: "ffmpeg -version && ffprobe -version", packages: ["ffmpeg"] };
const POPPLER = { check: "pdftotext -v", packages: ["poppler-utils", "ffmpeg"] };

/** Runs the start task on a node that has these programs; its apt-get notes what it is asked for, and brings `brings`. */
function runStartTask(programs: readonly string[], brings: readonly string[]): { exitCode: number; installed: string } {
  const folder = temporaryFolder();
  const program = (name: string, script = "exit 0"): void =>
    writeFileSync(join(folder, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  for (const name of programs) program(name);
  const bring = brings.map((name) => `printf '#!/bin/bash\\n' >${folder}/${name}; /bin/chmod +x ${folder}/${name}`);
  program("apt-get", [`echo "$*" >>${folder}/asked`, ...bring].join("\n"));
  program("timeout", `echo -n "$1 s: " >>${folder}/asked; shift; "$@"`);
  writeFileSync(join(folder, "asked"), "");

  const commandLine = poolStartTaskFor([FFMPEG, POPPLER])?.commandLine ?? "";
  const { status } = spawnSync("/bin/bash", ["-c", commandLine], { env: { PATH: folder } });
  const { stdout } = spawnSync("/bin/cat", [join(folder, "asked")], { encoding: "utf8" });
  return { exitCode: status ?? -1, installed: stdout };
}

test("a pool for workloads that need nothing has no start task", ({ expect }) => {
  expect(poolStartTaskFor([])).toBeUndefined();
});

test("a node that has everything installs nothing", ({ expect }) => {
  expect(runStartTask(["ffmpeg", "ffprobe", "pdftotext"], [])).toEqual({ exitCode: 0, installed: "" });
});

test("a node that lacks a program installs what the workloads need, each package once, and not for ever", ({
  expect,
}) => {
  const { exitCode, installed } = runStartTask(["ffmpeg"], ["ffprobe", "pdftotext"]);

  expect(exitCode).toBe(0);
  expect(installed).toMatch(
    /^1200 s: .* update\n1200 s: .* install -y --no-install-recommends ffmpeg poppler-utils\n$/,
  );
});

test("a node that still lacks a program afterwards fails its start task", ({ expect }) => {
  expect(runStartTask(["ffmpeg"], ["ffprobe"]).exitCode).not.toBe(0);
});
