import { execFile } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { onTestFinished, test } from "vitest";
import { startBatchEmulator } from "../../src/local/batchEmulator/index.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

const LANGUAGES = [
  ["quickstart.mjs", process.execPath],
  ["quickstart.py", "python3"],
] as const;
const PAGE = readFileSync("docs/batch-emulator.md", "utf8");

test.for(LANGUAGES)(
  "the quick start in %s, as it stands on the page, runs a task",
  async ([file, program], { expect, skip }) => {
    if (file.endsWith(".py") && !(await succeeds(program, ["-c", "import azure.batch"]))) {
      skip("there is no azure-batch");
    }
    const folder = temporaryFolder();
    const emulator = await startBatchEmulator({ dataFolder: folder });
    onTestFinished(() => emulator.stop());
    const [, code = ""] = new RegExp(`^\`\`\`\\w+ ${file}\\n(.*?)^\`\`\`$`, "ms").exec(PAGE) ?? [];
    writeFileSync(join(folder, file), code.replace("http://127.0.0.1:10010", emulator.endpoint));
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"));

    const { stdout, stderr } = await promisify(execFile)(program, [file], { cwd: folder });

    expect([stdout, stderr]).toEqual(["Hello from hello\n", ""]);
  },
);

async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  return promisify(execFile)(program, args).then(
    () => true,
    () => false,
  );
}
