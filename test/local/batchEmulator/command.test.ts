import { test } from "vitest";
import { BATCH_EMULATOR } from "../../../src/local/batchEmulator/command.ts";
import { DEVELOPMENT_ACCOUNT_KEY } from "../../../src/local/batchEmulator/index.ts";
import { runCommand } from "../../../src/local/kit/commandLine/command.ts";
import { recordedOutput } from "../kit/commandLine/recordedOutput.ts";
import { OPERATIONS } from "../../../src/local/batchEmulator/http/operations.ts";
import { readFileSync } from "node:fs";
import { temporaryFolder } from "../temporaryFolder.ts";

function run(
  argv: readonly string[],
  { output } = recordedOutput(),
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  return runCommand(BATCH_EMULATOR, argv, { output, env, signal: AbortSignal.abort() });
}

const SECRET_KEY = Buffer.from("secret").toString("base64");

test.for([
  [[], undefined],
  [["--key", SECRET_KEY], undefined],
  [["--accept-unverified-tokens"], undefined],
  [["--key", SECRET_KEY, "--accept-unverified-tokens"], "every program on this machine"],
  [["--host", "127.0.0.2"], undefined],
  [["--host", "0.0.0.0"], "everybody there (the development key is public"],
  [["--host", "0.0.0.0", "--key", SECRET_KEY], "whoever knows the key can run"],
  [["--host", "0.0.0.0", "--key", SECRET_KEY, "--accept-unverified-tokens"], "everybody there can run"],
] as const)("with %j the warning is: %s", async ([argv, warning], { expect }) => {
  const recorded = recordedOutput();

  await run(["--port", "0", "--data", temporaryFolder(), ...argv], recorded);

  if (warning === undefined) expect(recorded.stderr()).not.toContain("Warning");
  else expect(recorded.stderr()).toContain(warning);
});

test.for([
  [["--port", "x"], "--port must be a whole number from 0 to 65535"],
  [["--port", "70000"], '"70000"'],
  [["--nodes", "-1.5"], "--nodes"],
  [["--key", "not base64!"], "The key must be base64"],
  [["--account", "UPPER"], "--account"],
  [["--colour"], "--colour"],
  [["--faults", "{"], "not JSON"],
  [["--play-tasks", "/no/such/folder"], "/no/such/folder"],
  [["--faults", "/no/such/file.json"], "/no/such/file.json"],
] as const)("the arguments %j are refused with what is wrong", async ([argv, message], { expect }) => {
  await expect(run(argv)).rejects.toMatchObject({
    name: "UserError",
    message: expect.stringContaining(message),
  });
});

test("a key in the environment counts unless the option is given, and an empty one does not", async ({ expect }) => {
  const keyWith = async (env: Readonly<Record<string, string>>, ...argv: readonly string[]): Promise<unknown> => {
    const recorded = recordedOutput();
    await run(["--port", "0", "--data", temporaryFolder(), "--json", ...argv], recorded, env);
    return (JSON.parse(recorded.stdout()) as { accountKey: unknown }).accountKey;
  };
  const other = Buffer.from("other").toString("base64");

  expect(await keyWith({ BATCH_EMULATOR_KEY: SECRET_KEY })).toBe(SECRET_KEY);
  expect(await keyWith({ BATCH_EMULATOR_KEY: SECRET_KEY }, "--key", other)).toBe(other);
  expect(await keyWith({ BATCH_EMULATOR_KEY: "" })).toBe(DEVELOPMENT_ACCOUNT_KEY);
  await expect(run([], recordedOutput(), { BATCH_EMULATOR_KEY: "not base64!" })).rejects.toMatchObject({
    message: "The key must be base64",
  });
});

test("the storage of the pools' identities comes from the environment, where its secret stays", async ({ expect }) => {
  const args = ["--port", "0", "--data", temporaryFolder(), "--json", "--pool-identity", "/a", "--pool-identity", "/b"];
  const secret = Buffer.from("storage").toString("base64");
  const account = `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=${secret};BlobEndpoint=http://127.0.0.1:1/a`;
  const recorded = recordedOutput();

  await run(args, recorded, { BATCH_EMULATOR_IDENTITY_STORAGE: account });
  await run(args, recorded, { BATCH_EMULATOR_IDENTITY_STORAGE: "" });
  const refused = run(args, recorded, { BATCH_EMULATOR_IDENTITY_STORAGE: `AccountKey=${secret}` });

  await expect(refused).rejects.toMatchObject({ code: "BadConnection" });
  expect(recorded.stdout() + recorded.stderr()).not.toContain(secret);
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
