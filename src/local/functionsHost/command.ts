import { resolve } from "node:path";
import { parseNumber, parsePort, wrongUsage } from "../kit/commandLine/args.ts";
import type { Parsed } from "../kit/commandLine/args.ts";
import { describedCommand } from "../kit/commandLine/command.ts";
import type { Context } from "../kit/commandLine/command.ts";
import type { OptionTable } from "../kit/commandLine/helpText.ts";
import { runService } from "../kit/commandLine/runService.ts";
import { createFailure } from "../kit/failure.ts";
import { readGuardLevels } from "./durable/guardLevels.ts";
import { readHubFaults } from "./durable/hubFaults.ts";
import { askForSettings } from "./heldSettings.ts";
import { startHost } from "./host.ts";
import { DEFAULT_MAX_BODY_BYTES } from "./http/bodyLimit.ts";
import { readLocalSettings } from "./localSettings.ts";

const DEFAULT_PORT = "7071";

const OPTIONS = {
  app: {
    type: "string",
    value: "DIR",
    path: "folder",
    default: ".",
    help: "folder of the built app, with its host.json and package.json (default: this folder)",
  },
  data: {
    type: "string",
    value: "DIR",
    path: "folder",
    default: ".mp3drop",
    help: "folder that keeps orchestrations, and what triggers have delivered (default .mp3drop)",
  },
  port: { type: "string", value: "N", help: `port to listen on; 0: any free port (default ${DEFAULT_PORT})` },
  hold: {
    type: "boolean",
    default: false,
    help: 'write "settings?" to stdout, and load the app once a line of JSON with its settings has come on stdin; local.settings.json is not read then',
  },
  json: { type: "boolean", default: false, help: "print one line of JSON on stdout when ready" },
} as const satisfies OptionTable;

export const FUNCTIONS_HOST = describedCommand<typeof OPTIONS, Context>({
  name: "node dist/local/functionsHost/main.js",
  about:
    "Runs a function app for Node.js, Durable Functions included, on this machine until Ctrl-C, without Azure Functions Core Tools.",
  examples: [
    ["mp3drop functions-host", "the app of this folder, on port 7071"],
    ["mp3drop functions-host --app api --port 0 --json", "prints its address as JSON"],
  ],
  options: OPTIONS,
  notes: [
    "Settings of the app are environment variables and, where the environment has none of that name, the Values of the app's local.settings.json.",
    "Settings of the host are environment variables, too: FUNCTIONS_HOST_POLL_MS, how often containers and queues are polled (default 500); FUNCTIONS_HOST_CORS, other origins whose pages may use the host, separated by commas; FUNCTIONS_HOST_BLOB_NEWS, a file in which storage tells of blobs; FUNCTIONS_HOST_GUARDS, guards to switch off, and FUNCTIONS_HOST_FAULTS, faults to inject, as JSON.",
  ],
  run,
});

const DEFAULT_POLL_MS = "500";
const MAX_POLL_MS = 3_600_000;
const BODY_LIMIT = "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT";

/** Runs the host until the process is told to stop, or the host can no longer work. */
async function run({ values }: Parsed<typeof OPTIONS>, context: Context): Promise<number> {
  const { output, env, signal } = context;
  const { app, data, hold, json } = values;
  if (hold) await takeSettings(output, env, signal);
  const local = hold ? undefined : readLocalSettings(app, env);
  Object.assign(env, local?.values);
  const { failed, fail } = createFailure();
  const host = await startHost({
    appFolder: app,
    dataFolder: data,
    port: parsePort(values.port === undefined ? "LocalHttpPort" : "--port", values.port ?? local?.port ?? DEFAULT_PORT),
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
    onUncaught: (takes) => context.onUncaught?.(takes),
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
