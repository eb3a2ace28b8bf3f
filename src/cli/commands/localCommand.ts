import { once } from "node:events";
import { relative, resolve } from "node:path";
import { DEFAULT_DATA } from "../../local/stack/dataFolder.ts";
import type { LocalStack } from "../../local/stack/localStack.ts";
import { startLocalStack } from "../../local/stack/localStack.ts";
import { DEFAULT_PORTS } from "../../local/stack/ports.ts";
import { parsePort } from "../../local/kit/commandLine/args.ts";
import type { Parsed } from "../../local/kit/commandLine/args.ts";
import { describedCommand } from "../../local/kit/commandLine/command.ts";
import type { OptionTable } from "../../local/kit/commandLine/helpText.ts";
import { chosenWorkloads } from "../../config.ts";
import type { CommandContext } from "../commandContext.ts";
import { styled } from "../../local/kit/commandLine/output.ts";
import { printable, printableJson } from "../../local/kit/commandLine/printable.ts";
import { doAndUndo } from "../../local/kit/undo.ts";
import { ConversionNews } from "../conversionNews.ts";
import { formatSeconds, shellWord } from "../format.ts";

const OPTIONS = {
  data: {
    type: "string",
    value: "DIR",
    path: "folder",
    default: DEFAULT_DATA,
    help: "where everything is kept (default .mp3drop); delete it while nothing runs to start afresh",
  },
  "blob-port": {
    type: "string",
    value: "N",
    default: String(DEFAULT_PORTS.blob),
    help: "blob storage (default 10000); 0: any free port, last time's if possible",
  },
  "queue-port": {
    type: "string",
    value: "N",
    default: String(DEFAULT_PORTS.queue),
    help: "queue storage (default 10001)",
  },
  "table-port": {
    type: "string",
    value: "N",
    default: String(DEFAULT_PORTS.table),
    help: "table storage (default 10002)",
  },
  "batch-port": {
    type: "string",
    value: "N",
    default: String(DEFAULT_PORTS.batch),
    help: "Batch emulator (default 10010)",
  },
  "functions-port": {
    type: "string",
    value: "N",
    default: String(DEFAULT_PORTS.functions),
    help: "Functions host (default 7071)",
  },
  "private-storage": {
    type: "boolean",
    default: false,
    help: "give storage a random key instead of the well-known one, which lets all users of this machine read and write blobs; tools then need the connection string that --json prints",
  },
  func: {
    type: "boolean",
    default: false,
    help: "run the app in Azure Functions Core Tools (func on PATH) instead of the embedded host",
  },
  json: { type: "boolean", default: false, help: "one line of JSON on stdout once everything is ready" },
  verbose: { type: "boolean", default: false, help: "show what the services write; it also goes to DIR/logs" },
} as const satisfies OptionTable;

export const LOCAL = describedCommand<typeof OPTIONS, CommandContext>({
  name: "mp3drop local",
  about: "Runs storage (Azurite), the Batch emulator and the Functions host on this machine until Ctrl-C.",
  examples: [
    ["mp3drop local", "fixed ports, data in .mp3drop"],
    ["mp3drop local --data other --blob-port 0 --queue-port 0 --table-port 0 --batch-port 0 --functions-port 0", ""],
  ],
  notes: [
    "Everything listens on 127.0.0.1 only. The Batch emulator has a random key; DIR is for its owner only. ffmpeg and ffprobe: FFMPEG_PATH and FFPROBE_PATH, else PATH, else packaged ones. Settings of the app such as WORKLOADS and MP3_BITRATE_KBPS are taken from the environment.",
  ],
  options: OPTIONS,
  run: local,
});

/** Runs until the signal is aborted; throws if a service is down for good. */
async function local(
  { values }: Parsed<typeof OPTIONS>,
  { output, env, folder, signal }: CommandContext,
): Promise<number> {
  const port = (option: "blob-port" | "queue-port" | "table-port" | "batch-port" | "functions-port"): number =>
    parsePort(`--${option}`, values[option]);

  const startedAt = performance.now();
  const news = new ConversionNews();
  const stack = await startLocalStack({
    data: resolve(folder, values.data),
    ports: {
      blob: port("blob-port"),
      queue: port("queue-port"),
      table: port("table-port"),
      batch: port("batch-port"),
      functions: port("functions-port"),
    },
    env,
    host: values.func ? "func" : "embedded",
    privateStorage: values["private-storage"],
    signal,
    onNotice: (message) => output.note(styled("yellow", printable(message))),
    onLine: (service, line) => {
      if (values.verbose) output.note(`${service}: ${printable(line)}`);
      const text = service === "functions" ? news.read(line) : undefined;
      if (text !== undefined) output.note(text);
    },
  });
  const run = async (): Promise<void> => {
    const chosen = env["WORKLOADS"] ? `WORKLOADS=${env["WORKLOADS"]} ` : "";
    const convert = chosen + (env["npm_lifecycle_event"] === "start" ? "npm run convert --" : "mp3drop convert");
    const startedIn = formatSeconds(performance.now() - startedAt);
    const takes = chosenWorkloads(env).map((workload) => `${workload.takes}: ${workload.suffixes.join(", ")}`);
    const storageExplorer = explorerAdvice(stack, values["private-storage"]);
    const command = printable(`${convert}${dataOption(stack, folder)}`);
    // Core Tools show a page of their own at the address itself.
    const page = `${stack.connection.functions.url}/${values.func ? "api/" : ""}`;
    output.note(whereToConnect(stack, page, startedIn, takes.join("; "), storageExplorer, command));
    if (stack.ffmpeg.advice !== undefined) output.note(styled("yellow", `${stack.ffmpeg.advice}\n`));
    if (values.json) output.result(printableJson(stack.connection));
    if (!signal.aborted) await Promise.race([once(signal, "abort"), stack.failed]);
  };
  await doAndUndo(run, [() => stack.stop()]);
  return 0;
}

/** Of the longest title, with some room. */
const TITLE_WIDTH = 24;

/** The option with which another command finds the same stack. */
function dataOption(stack: LocalStack, from: string): string {
  const data = relative(from, stack.folder.path);
  return data === DEFAULT_DATA ? "" : ` --data ${shellWord(data)}`;
}

/** A private key is not shown: what is on the terminal ends up in logs. */
function explorerAdvice({ connection, folder }: LocalStack, isPrivate: boolean): string {
  if (isPrivate) {
    return `  Connect > Storage account or service > Connection string. It holds a private key and is in
  ${printable(folder.stack)}`;
  }
  const port = (service: string): string => new URL(endpointOf(connection, service)).port;
  return `  Connect > Local storage emulator > blobs port ${port("Blob")}, queues port ${port("Queue")}, tables port ${port("Table")} > Connect;
  then Emulator > Blob Containers > ${connection.settings.INPUT_CONTAINER} > Upload. Or connect by this connection string (a well-known development key):
  ${connection.storage.connectionString}`;
}

function endpointOf({ storage }: LocalStack["connection"], service: string): string {
  return new RegExp(`${service}Endpoint=([^;]*)`).exec(storage.connectionString)?.[1] ?? "";
}

function whereToConnect(
  { connection, folder, ffmpeg }: LocalStack,
  page: string,
  startedIn: string,
  takes: string,
  storageExplorer: string,
  convert: string,
): string {
  const blobs = endpointOf(connection, "Blob");
  const { INPUT_CONTAINER: input, OUTPUT_CONTAINER: output } = connection.settings;
  const title = (text: string): string => styled("bold", text);
  const row = (name: string, text: string): string => `${title(name)}${" ".repeat(TITLE_WIDTH - name.length)}${text}`;
  return `${styled("green", "✓")} Ready in ${startedIn}, until Ctrl-C. All data is in ${printable(folder.path)}

${row("Drop videos on", page)}
${row("Or upload them to", `${blobs}/${input} (${takes})`)}
${row("Results appear in", `${blobs}/${output} (each with its record, <result>.json)`)}

${title("Azure Storage Explorer")}
${storageExplorer}

${row("From another terminal", `${convert} FILE`)}
${row("Functions host", connection.functions.url)}
${row("Batch emulator", `${connection.batch.endpoint} (account ${connection.batch.accountName})`)}
${row("Converts with", printable(ffmpeg.description))}
${row("Logs", printable(folder.logs))}
`;
}
