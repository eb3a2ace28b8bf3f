import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { parseNumber, parsePort, wrongUsage } from "../kit/commandLine/args.ts";
import type { Parsed } from "../kit/commandLine/args.ts";
import type { Context } from "../kit/commandLine/command.ts";
import { describedCommand } from "../kit/commandLine/command.ts";
import type { OptionTable } from "../kit/commandLine/helpText.ts";
import { runService } from "../kit/commandLine/runService.ts";
import { createFailure } from "../kit/failure.ts";
import { isLoopback, LOOPBACK } from "../kit/loopback.ts";
import { UserError } from "../kit/userError.ts";
import { DEVELOPMENT_ACCOUNT_KEY, parseConfiguration, seededRandom, startBatchEmulator, systemClock } from "./index.ts";
import type { BatchEmulatorOptions, EmulatorConfiguration } from "./index.ts";

const OPTIONS = {
  port: { type: "string", value: "N", default: "10010", help: "port to listen on; 0: any free port (default 10010)" },
  data: {
    type: "string",
    value: "DIR",
    path: "folder",
    default: ".mp3drop",
    help: "folder that keeps pools, jobs and tasks (default .mp3drop)",
  },
  account: { type: "string", value: "NAME", help: "name of the account (default devbatch)" },
  key: {
    type: "string",
    value: "BASE64",
    help: "key of the account (default: BATCH_EMULATOR_KEY in the environment, which other users of the machine do not see, else the public development key)",
  },
  nodes: { type: "string", value: "N", help: "most nodes in all pools together (default 20)" },
  "node-bin": {
    type: "string",
    value: "DIR",
    path: "folder",
    multiple: true,
    help: "folder to look for programs in before PATH; can be repeated",
  },
  "pool-identity": {
    type: "string",
    value: "ID",
    multiple: true,
    help: "id of a managed identity in Azure Resource Manager that every pool has; can be repeated. It may read and write the blobs of the storage account whose connection string is BATCH_EMULATOR_IDENTITY_STORAGE in the environment",
  },
  faults: {
    type: "string",
    value: "FILE",
    path: "file",
    help: "faults to inject: a file of JSON, or the JSON itself",
  },
  "play-tasks": {
    type: "string",
    value: "DIR",
    path: "folder",
    help: "run no commands: every task leaves the files of this folder (stdout.txt, stderr.txt, wd/), after its real downloads and before its real uploads, and exits with 0; for load tests",
  },
  host: { type: "string", value: "ADDRESS", help: "address to listen on (default 127.0.0.1)" },
  "accept-unverified-tokens": {
    type: "boolean",
    help: "take any bearer token for Batch, whoever signed it: everybody who reaches the port can run commands as you (default: only with the public key on the loopback address)",
  },
  hold: {
    type: "boolean",
    default: false,
    help: "answer and run tasks only after a line on stdin: storage may still be starting",
  },
  json: { type: "boolean", default: false, help: "print one line of JSON on stdout when ready" },
} as const satisfies OptionTable;

export const BATCH_EMULATOR = describedCommand<typeof OPTIONS, Context>({
  name: "node dist/local/batchEmulator/main.js",
  about: "Runs an emulator of Azure Batch that any Batch client can use. Tasks run as processes of this machine.",
  examples: [
    ["mp3drop batch-emulator", "on port 10010, with the public development key"],
    ["mp3drop batch-emulator --port 0 --json", "prints its address as JSON"],
    [`mp3drop batch-emulator --faults '{"requests":[{"status":503,"rate":0.1}]}'`, "every tenth request fails"],
  ],
  options: OPTIONS,
  run,
});

/** Runs the emulator until the process is told to end. */
async function run({ values }: Parsed<typeof OPTIONS>, context: Context): Promise<number> {
  const { output } = context;
  const key = context.env["BATCH_EMULATOR_KEY"];
  const identityStorage = context.env["BATCH_EMULATOR_IDENTITY_STORAGE"];
  const options = readOptions({ ...(key && { key }), ...values });
  const warning = warningFor(options);
  if (warning !== undefined) output.note(`Warning: ${warning}`);
  const { failed, fail } = createFailure();
  const emulator = await startBatchEmulator({
    ...options,
    ...(identityStorage && { identityStorage }),
    // Listened for before the line that announces the emulator.
    ...(values.hold && { holdUntil: once(process.stdin, "data") }),
    log: (line) => output.note(line),
    onFailure: fail,
  });
  const { endpoint, accountName, accountKey } = emulator;
  if (values.json) output.result(JSON.stringify({ endpoint, accountName, accountKey }));
  output.note(`Batch emulator: account ${accountName} at ${endpoint}`);
  return runService({ failed, stop: () => emulator.stop() }, context, values.json);
}

/** Who else can run commands here. */
function warningFor({ host = LOOPBACK, accountKey, acceptUnverifiedTokens }: BatchEmulatorOptions): string | undefined {
  if (isLoopback(host)) {
    const isSecret = accountKey !== undefined && accountKey !== DEVELOPMENT_ACCOUNT_KEY;
    if (acceptUnverifiedTokens !== true || !isSecret) return undefined;
    return "with --accept-unverified-tokens every program on this machine can run any command here as you, without the key.";
  }
  const who =
    acceptUnverifiedTokens === true
      ? "everybody there"
      : accountKey === undefined || accountKey === DEVELOPMENT_ACCOUNT_KEY
        ? "everybody there (the development key is public; choose one with --key)"
        : "whoever knows the key";
  return `${host} can be reached from other machines, and ${who} can run any command here as you.`;
}

function readOptions(values: Parsed<typeof OPTIONS>["values"]): BatchEmulatorOptions {
  const { data, account, key, nodes, host, faults, "play-tasks": playedTasks } = values;
  if (account !== undefined && !/^[a-z0-9]{3,24}$/.test(account)) {
    throw wrongUsage(
      `--account must be 3 to 24 lower-case letters and digits, not "${account}"`,
      "Clients give the same name when they sign in.",
    );
  }
  if (key !== undefined && (key === "" || Buffer.from(key, "base64").toString("base64") !== key)) {
    throw wrongUsage("The key must be base64", "Make one with: openssl rand -base64 64 | tr -d '\\n'");
  }
  return {
    dataFolder: data,
    port: parsePort("--port", values.port),
    nodeBinFolders: values["node-bin"] ?? [],
    poolIdentities: values["pool-identity"] ?? [],
    ...(faults !== undefined && optionsOf(readConfiguration(faults))),
    ...(playedTasks !== undefined && { playedTasksFolder: existingFolder("--play-tasks", playedTasks) }),
    ...(host !== undefined && { host }),
    ...(values["accept-unverified-tokens"] === true && { acceptUnverifiedTokens: true }),
    ...(account !== undefined && { accountName: account }),
    ...(key !== undefined && { accountKey: key }),
    ...(nodes !== undefined && {
      maxNodes: parseNumber("--nodes", nodes, { min: 0, max: 100_000, isWhole: true, hint: "20 without the option." }),
    }),
  };
}

function existingFolder(option: string, path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return resolve(path);
  throw wrongUsage(
    `${option} must name a folder, not "${path}"`,
    "It holds what a task leaves: stdout.txt, stderr.txt, wd/.",
  );
}

/** The path of a file, or the JSON itself. */
function readConfiguration(argument: string): EmulatorConfiguration {
  if (argument.trimStart().startsWith("{")) return parseConfiguration(argument, "--faults");
  try {
    return parseConfiguration(readFileSync(argument, "utf8"), argument);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError("InvalidFaults", `Cannot read the faults file ${argument}`, { cause });
  }
}

function optionsOf({
  seed,
  clockSpeed,
  virtualTasks,
  timings,
  choices,
  ...faults
}: EmulatorConfiguration): Partial<BatchEmulatorOptions> {
  return {
    faults,
    ...(seed !== undefined && { random: seededRandom(seed) }),
    ...(clockSpeed !== undefined && { clock: systemClock(clockSpeed) }),
    ...(virtualTasks !== undefined && { virtualTasks }),
    ...(timings !== undefined && { timings: given(timings) }),
    ...(choices !== undefined && { choices: given(choices) }),
  };
}

type Given<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

function given<T extends object>(settings: T): Given<T> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Given<T>;
}
