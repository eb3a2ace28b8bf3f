export const CONVERT_HELP = `Uploads MP4s to the storage container "input", waits for the app, and fetches each verified MP3.

Examples
  mp3drop convert video.mp4                     video.mp3 appears beside it
  mp3drop convert talks/ more.mp4 --out mp3s    every MP4 below talks; same folders below mp3s
  mp3drop convert --json *.mp4 | jq             the records, in the order of the arguments

Options
  --out DIR                  where the MP3s go; without it, next to each video
  --no-overwrite, -n         skip videos whose MP3 is there already
  --timeout MINUTES          give up what has not ended by then (default 720)
  --json                     one JSON document on stdout: {"conversions": [record, ...]}
  --data DIR                 data folder of the local stack (default .mp3drop)
  --connection-string TEXT   convert in this storage account instead (or in the one that STORAGE names in the environment)
  --functions-url URL        where that app is, for progress; add ?code=KEY where it wants a key
  --verbose                  show what the services of an own stack say
  --help, -h                 this text

A stack that already runs on the data folder is used, else one runs for the duration. A file given by itself is named
by its base name in storage and below --out, a file in a folder by its path from there; where two would get the same
name, the names of their folders are put in front. A blob of that name that is there already gets a new version.
An MP3 that is there already is replaced, but only once the new one is complete.

Exit codes: 0 all succeeded, 1 some failed, 2 wrong usage, 130 interrupted.
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
  help: { type: "boolean", short: "h", default: false },
} as const;
