import { test } from "vitest";
import { BATCH_EMULATOR } from "../../../src/local/batchEmulator/command.ts";
import { runCommand } from "../../../src/local/kit/commandLine/command.ts";
import { recordedOutput } from "../kit/commandLine/recordedOutput.ts";
import { OPERATIONS } from "../../../src/local/batchEmulator/http/operations.ts";
import { readFileSync } from "node:fs";

function run(argv: readonly string[]): Promise<number> {
  const { output } = recordedOutput();
  return runCommand(BATCH_EMULATOR, argv, { output, env: {}, signal: AbortSignal.abort() });
}

test.for([
  [["--port", "x"], "--port must be a whole number from 0 to 65535"],
  [["--port", "70000"], '"70000"'],
  [["--nodes", "-1.5"], "--nodes"],
  [["--key", "not base64!"], "--key must be base64"],
  [["--account", "UPPER"], "--account"],
  [["--colour"], "--colour"],
  [["--faults", "{"], "not JSON"],
  [["--faults", "/no/such/file.json"], "/no/such/file.json"],
] as const)("the arguments %j are refused with what is wrong", async ([argv, message], { expect }) => {
  await expect(run(argv)).rejects.toMatchObject({
    name: "UserError",
    message: expect.stringContaining(message),
  });
});

test("a key that is refused does not stand in the message", async ({ expect }) => {
  await expect(run(["--key", "secret-but-wrong!"])).rejects.toMatchObject({
    message: expect.not.stringContaining("secret-but-wrong"),
  });
});

test("the guide names every option, and every operation that answers 501", ({ expect }) => {
  const guide = readFileSync("docs/batch-emulator.md", "utf8");
  const options = Object.keys(BATCH_EMULATOR.options);
  expect(options.filter((option) => !guide.includes(`\`--${option}`))).toEqual([]);

  const missing = OPERATIONS.filter((operation) => operation.handler === undefined)
    .map(({ name }) => name)
    .filter((name) => {
      const [group = "", verb = ""] = name.split("_");
      return ![name, `${group}_*`].some((text) => guide.includes(text)) && !guide.includes(`_${verb}`);
    });
  expect(missing).toEqual([]);
});
