import type { CommandText, OptionTable } from "../../local/kit/commandLine/helpText.ts";
import { METADATA_OPTIONS } from "./metadataOptions.ts";

export const CONVERT_OPTIONS = {
  out: { type: "string", value: "DIR", path: "folder", help: "where to put the results (default: next to each file)" },
  "no-overwrite": { type: "boolean", short: "n", default: false, help: "skip files whose result is already there" },
  watch: {
    type: "boolean",
    default: false,
    help: "go on with what appears in the folder DIR until Ctrl-C; what is there and has no result is converted, too",
  },
  timeout: {
    type: "string",
    value: "MINUTES",
    default: "720",
    help: "give up on whatever is not finished by then (default 720); not with --watch",
  },
  ...METADATA_OPTIONS,
  json: {
    type: "boolean",
    default: false,
    help: 'one JSON document on stdout: {"conversions": [record, ...], "skipped": [...]}',
  },
  data: { type: "string", value: "DIR", path: "folder", help: "data folder of the local stack (default .mp3drop)" },
  "connection-string": {
    type: "string",
    value: "TEXT",
    help: "convert in this storage account instead (or set STORAGE in the environment)",
  },
  "functions-url": {
    type: "string",
    value: "URL",
    help: "address of that app, to show progress; its key, if it needs one, is MP3DROP_KEY in the environment",
  },
  verbose: { type: "boolean", default: false, help: "show what the services say, if this command starts a stack" },
} as const satisfies OptionTable;

export const CONVERT_TEXT: Omit<CommandText, "options"> = {
  about: 'Uploads files to the storage container "input", waits for the app, and downloads each verified result.',
  examples: [
    ["mp3drop convert video.mp4", "video.mp3 appears beside it"],
    ["mp3drop convert talks/ more.mp4 --out mp3s", "every MP4 below talks; the same folders below mp3s"],
    ["mp3drop convert --watch drop/ --out mp3s", "whatever lands in drop, until Ctrl-C"],
    ["mp3drop convert --quality 2 --loudness -16 talks/", "variable bit rate, all equally loud"],
    ["mp3drop convert --start 1:30 --end 58:00 --mono talk.mp4", "only that part"],
    ["mp3drop convert --json *.mp4 | jq", "the records, in the order of the arguments"],
    ["WORKLOADS=topWords mp3drop convert texts/", "the most frequent words of every .txt below texts"],
  ],
  notes: [
    `If a stack already runs on the data folder, it is used; if not, one runs until the command is done. In storage and below --out, a file keeps its base name, and a file found in a folder its path from there; files that would share a name get the names of their parent folders in front. A result of another file in the folder is left out. An existing blob of that name is replaced. An existing result is replaced, too, but only once the new one is complete. The setting WORKLOADS (default mp3) says which files are taken, and what is made of them.`,
    `A file that cannot be converted fails alone: the others go on. Besides what the app may find, its code can be NotFound, Unreadable, Changed (it was written to or replaced while it was uploaded; nothing of it is kept) or ResultNotWritable (found before the upload). What cannot be a file of its own in storage is skipped by name: broken links, pipes, devices, folders that cannot be read, names that are not UTF-8. Either makes the exit code 1. Links to folders are not followed; they are named, too, as is what --no-overwrite keeps, but are no failure. A missing FILE or DIR is wrong usage.`,
    `With --watch, a file is taken when it has not changed for two seconds and no process that you may look at has it open for writing; one that is moved into the folder, at once. One that is replaced later is converted again.`,
  ],
};
