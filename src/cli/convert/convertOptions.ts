export const CONVERT_HELP = `Uploads files to the storage container "input", waits for the app, and downloads each verified result.

Examples
  mp3drop convert video.mp4                     video.mp3 appears beside it
  mp3drop convert talks/ more.mp4 --out mp3s    every MP4 below talks; the same folders below mp3s
  mp3drop convert --json *.mp4 | jq             the records, in the order of the arguments
  WORKLOADS=topWords mp3drop convert texts/     the most frequent words of every .txt below texts

Options
  --out DIR                  where to put the results (default: next to each file)
  --no-overwrite, -n         skip files whose result is already there
  --timeout MINUTES          give up on whatever is not finished by then (default 720)
  --json                     one JSON document on stdout: {"conversions": [record, ...], "skipped": [...]}
  --data DIR                 data folder of the local stack (default .mp3drop)
  --connection-string TEXT   convert in this storage account instead (or set STORAGE in the environment)
  --functions-url URL        address of that app, to show progress; add ?code=KEY if it needs a key
  --verbose                  show what the services say, if this command starts a stack
  --help, -h                 show this text

If a stack already runs on the data folder, it is used; if not, one runs until the command is done. In storage and
below --out, a file keeps its base name, and a file found in a folder its path from there; files that would share a name
get the names of their parent folders in front. A result of another file in the folder is left out. An existing blob of
that name is replaced. An existing result is replaced, too, but only once the new one is complete. The setting WORKLOADS
(default mp3) says which files are taken, and what is made of them.

A file that cannot be converted fails alone: the others go on. Besides what the app may find, its code can be NotFound,
Unreadable, Changed (it was written to or replaced while it was uploaded; nothing of it is kept) or ResultNotWritable
(found before the upload). What cannot be a file of its own in storage is skipped by name: broken links, pipes, devices,
folders that cannot be read, names that are not UTF-8. Either makes the exit code 1. Links to folders are not followed;
they are named, too, as is what --no-overwrite keeps, but are no failure. A missing FILE or DIR is wrong usage.
`;

export const CONVERT_OPTIONS = {
  out: { type: "string" },
  "no-overwrite": { type: "boolean", short: "n", default: false },
  timeout: { type: "string", default: "720" },
  json: { type: "boolean", default: false },
  data: { type: "string" },
  "connection-string": { type: "string" },
  "functions-url": { type: "string" },
  verbose: { type: "boolean", default: false },
} as const;
