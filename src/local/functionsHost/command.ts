import { resolve } from "node:path";
import { parseNumber, parsePort, seeHelp, wrongUsage } from "../kit/commandLine/args.ts";
import type { Parsed } from "../kit/commandLine/args.ts";
import type { Command, Context } from "../kit/commandLine/command.ts";
import { runService } from "../kit/commandLine/runService.ts";
import { createFailure } from "../kit/failure.ts";
import { readGuardLevels } from "./durable/guardLevels.ts";
import { readHubFaults } from "./durable/hubFaults.ts";
import { askForSettings } from "./heldSettings.ts";
import { startHost } from "./host.ts";
import { DEFAULT_MAX_BODY_BYTES } from "./http/bodyLimit.ts";

const HELP = `Runs a function app with Durable Functions on this machine, until Ctrl-C.

Options
  --app DIR         folder of the app, with its host.json
  --data DIR        folder that keeps orchestrations, and what triggers have delivered
  --port N          port to listen on; 0: any free port (default 7071)
  --hold            write "settings?" to stdout, and load the app once a line of JSON with more settings has come on stdin
  --json            print one line of JSON on stdout when ready
  --help, -h        this text

Settings of the app are taken from the environment. So are the host's own: FUNCTIONS_HOST_POLL_MS, how often containers
and queues are polled (default 500); FUNCTIONS_HOST_BLOB_NEWS, a file in which storage tells of blobs; FUNCTIONS_HOST_CORS, other origins whose pages may use the host, separated by commas;
FUNCTIONS_HOST_FAULTS, faults to inject, as JSON; FUNCTIONS_HOST_GUARDS, guards to switch off, as JSON.
`;

const OPTIONS = {
  app: { type: "string" },
  data: { type: "string" },
  port: { type: "string", default: "7071" },
  hold: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

export const FUNCTIONS_HOST: Command<typeof OPTIONS> = {
  name: "node dist/local/functionsHost/main.js",
  help: HELP,
  options: OPTIONS,
  run,
};

const DEFAULT_POLL_MS = "500";
const MAX_POLL_MS = 3_600_000;
const BODY_LIMIT = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT";

/** Runs the host until the process is told to stop, or the host can no longer work. */
async function run({ values }: Parsed<typeof OPTIONS>, context: Context): Promise<number> {
  const { output, env, signal } = context;
  const { app, data, hold, json } = values;
  if (app === undefined || data === undefined) {
    throw wrongUsage("--app and --data are required", seeHelp(FUNCTIONS_HOST.name));
  }
  if (hold) await takeSettings(output, env, signal);
  const { failed, fail } = createFailure();
  const host = await startHost({
    appFolder: app,
    dataFolder: data,
    port: parsePort("--port", values.port),
    settings: env,
    printLog: (line) => output.note(line),
    pollMs: parseNumber("FUNCTIONS_HOST_POLL_MS", env["FUNCTIONS_HOST_POLL_MS"] || DEFAULT_POLL_MS, {
      min: 0,
      max: MAX_POLL_MS,
      isWhole: true,
      hint: "It is a setting in the environment, in milliseconds.",
    }),
    blobNewsFile: env["FUNCTIONS_HOST_BLOB_NEWS"] ? resolve(env["FUNCTIONS_HOST_BLOB_NEWS"]) : undefined,
    maxBodyBytes: parseNumber(BODY_LIMIT, env[BODY_LIMIT] || String(DEFAULT_MAX_BODY_BYTES), {
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
      isWhole: true,
      hint: "It is a setting of the app, in bytes.",
    }),
    corsOrigins: parseOrigins(env["FUNCTIONS_HOST_CORS"] ?? ""),
    onFailure: fail,
    hub: { ...readHubFaults(env["FUNCTIONS_HOST_FAULTS"]), guards: readGuardLevels(env["FUNCTIONS_HOST_GUARDS"]) },
  });
  if (json) output.result(JSON.stringify({ url: host.url }));
  else output.note(`The Functions host is ready: ${host.url}`);
  return runService({ failed, stop: () => host.stop() }, context, json);
}

/** Into the environment itself, where the app looks for them. */
async function takeSettings(output: Context["output"], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const asked = askForSettings(output, signal);
  // There is time now for what is slow to load and needed by most apps.
  const [settings] = await Promise.all([asked, import("@azure/storage-blob")]);
  Object.assign(env, settings);
}

function parseOrigins(text: string): readonly string[] {
  const origins = text
    .split(",")
    .map((origin) => origin.trim())
    .filter((origin) => origin !== "");
  const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (wrong === undefined) return origins;
  throw wrongUsage(`FUNCTIONS_HOST_CORS must hold origins, not "${wrong}"`, "One looks like http://localhost:3000.");
}
