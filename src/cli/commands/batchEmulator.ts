import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parseFaultsFile, seededRandom, startBatchEmulator, systemClock } from "../../local/batchEmulator/index.ts";
import type { BatchEmulatorOptions, FaultsFile } from "../../local/batchEmulator/index.ts";
import { failureLine } from "../../local/kit/failureLine.ts";
import { doAndUndo } from "../../local/kit/undo.ts";
import { UserError } from "../../local/kit/userError.ts";

export const BATCH_EMULATOR_HELP = `Usage: mp3drop batch-emulator [options]

Runs an emulator of Azure Batch that any Batch client can use. Tasks run as processes of this machine.

Options:
  --port N          port to listen on; 0 takes any free one (default 10010)
  --data DIR        folder that keeps pools, jobs and tasks (default .mp3drop)
  --account NAME    name of the account (default devbatch)
  --key BASE64      key of the account (default: the public development key)
  --nodes N         most nodes in all pools together (default 20)
  --node-bin DIR    folder to look for programs in before PATH; can be repeated
  --faults FILE     JSON that says what shall go wrong on purpose, or a file of it
  --host ADDRESS    address to listen on (default 127.0.0.1)
  --json            print one line of JSON on stdout when ready
`;

const DEFAULT_PORT = 10_010;
const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/** Runs the emulator until the process is told to end; resolves with the exit code. */
export async function batchEmulator(argv: readonly string[]): Promise<number> {
  const { options, isJson } = readArguments(argv);
  const { host } = options;
  if (host !== undefined && !LOOPBACK.has(host)) {
    process.stderr.write(
      `Warning: ${host} can be reached from other machines, and whoever knows the key can run any command here as you.\n`,
    );
  }
  const ended = signalled();
  const failure = firstFailure();
  const emulator = await startBatchEmulator({
    ...options,
    log: (line) => process.stderr.write(`${line}\n`),
    onFailure: (error) => {
      if (isJson) process.stdout.write(failureLine(error));
      failure.report(error);
    },
  });
  const { endpoint, accountName, accountKey } = emulator;
  if (isJson) process.stdout.write(`${JSON.stringify({ endpoint, accountName, accountKey })}\n`);
  process.stderr.write(`Batch emulator: account ${accountName} at ${endpoint}\n`);
  await doAndUndo(() => Promise.race([ended, failure.reported]), [() => emulator.stop()]);
  return 0;
}

function readArguments(argv: readonly string[]): { options: BatchEmulatorOptions; isJson: boolean } {
  const { values } = parse(argv);
  const faultsFile = values.faults === undefined ? undefined : readFaults(values.faults);
  const { data = ".mp3drop", account, key, nodes, host } = values;
  const binFolders = values["node-bin"] ?? [];
  if (account !== undefined && !/^[a-z0-9]{3,24}$/.test(account)) {
    throw new UserError("InvalidOption", `--account must be 3 to 24 lower-case letters and digits, not "${account}"`);
  }
  if (key !== undefined && (key === "" || Buffer.from(key, "base64").toString("base64") !== key)) {
    throw new UserError("InvalidOption", "--key must be base64", {
      hint: "Make one with: openssl rand -base64 64 | tr -d '\\n'",
    });
  }
  return {
    isJson: values.json ?? false,
    options: {
      dataFolder: data,
      port: wholeNumber("--port", values.port ?? String(DEFAULT_PORT), 0, 65_535),
      nodeBinFolders: binFolders,
      ...(faultsFile !== undefined && optionsOf(faultsFile)),
      ...(host !== undefined && { host }),
      ...(account !== undefined && { accountName: account }),
      ...(key !== undefined && { accountKey: key }),
      ...(nodes !== undefined && { maxNodes: wholeNumber("--nodes", nodes, 0, 100_000) }),
    },
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        port: { type: "string" },
        data: { type: "string" },
        account: { type: "string" },
        key: { type: "string" },
        nodes: { type: "string" },
        "node-bin": { type: "string", multiple: true },
        faults: { type: "string" },
        host: { type: "string" },
        json: { type: "boolean" },
      },
    });
  } catch (cause) {
    throw new UserError("InvalidOption", cause instanceof Error ? cause.message : String(cause), {
      cause,
      hint: "See mp3drop batch-emulator --help.",
    });
  }
}

/** The path of a file, or the JSON itself. */
function readFaults(argument: string): FaultsFile {
  if (argument.trimStart().startsWith("{")) return parseFaultsFile(argument, "--faults");
  try {
    return parseFaultsFile(readFileSync(argument, "utf8"), argument);
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
}: FaultsFile): Partial<BatchEmulatorOptions> {
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

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UserError("InvalidOption", `${option} must be a whole number from ${min} to ${max}, not "${text}"`);
}

function firstFailure(): { report: (failure: UserError) => void; reported: Promise<never> } {
  let report: (failure: UserError) => void = () => {};
  const reported = new Promise<never>((_, reject) => (report = reject));
  // It may come before anybody waits for it.
  reported.catch(() => {});
  return { report, reported };
}

function signalled(): Promise<void> {
  return new Promise((settle) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => settle());
  });
}
