// Preloaded into each service of a trial. Counts the requests that it serves, without being in their way, and
// writes that down with what the process has used: now and then, and on SIGUSR2 after a collection of garbage.
import { subscribe } from "node:diagnostics_channel";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const WRITE_EVERY_MS = 500;
/** Of so many requests, it also remembers when they came and were answered. */
const REMEMBERED = 400;
const folder = process.env.PROBE_FOLDER;

const requests = new Map();
const underway = new WeakMap();
const answered = [];
let number = 0;

subscribe("http.server.request.start", ({ request, socket }) => {
  const kind = kindOf(request);
  const portAndKind = `${socket.localPort} ${kind}`;
  requests.set(portAndKind, (requests.get(portAndKind) ?? 0) + 1);
  underway.set(request, { kind, startedAt: now() });
});
subscribe("http.server.response.finish", ({ request }) => {
  const begun = underway.get(request);
  if (begun === undefined) return;
  if (answered.length === REMEMBERED) answered.shift();
  answered.push({ ...begun, endedAt: now() });
});

/** In milliseconds since 1970, with fractions. */
function now() {
  return performance.timeOrigin + performance.now();
}

setInterval(() => write("latest"), WRITE_EVERY_MS).unref();
process.on("SIGUSR2", () => {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  write("collected");
});

function write(name) {
  const { user, system } = process.cpuUsage();
  const snapshot = {
    number: ++number,
    requests: Object.fromEntries(requests),
    // Too much to be written all the time.
    ...(name === "collected" && { answered }),
    cpuSeconds: (user + system) / 1e6,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    rssBytes: process.memoryUsage.rss(),
    heapBytes: process.memoryUsage().heapUsed,
  };
  const path = join(folder, `${process.pid}.${name}.json`);
  writeFileSync(`${path}.part`, JSON.stringify(snapshot));
  renameSync(`${path}.part`, path);
}

function kindOf({ method, url, headers }) {
  const { pathname, searchParams } = new URL(url, "http://service");
  const [, first, ...rest] = pathname.split("/");
  const agent = headers["user-agent"] ?? "";
  if (first === "devstoreaccount1") return storageKind(method, rest, searchParams, headers, agent);
  const durable = rest.indexOf("durabletask") === -1 ? undefined : rest.slice(rest.indexOf("durabletask") + 1);
  if (durable !== undefined) return `${method} durable ${withoutIds(durable)}`;
  return `${method} ${withoutIds([first, ...rest])}`;
}

function storageKind(method, [container, ...name], searchParams, headers, agent) {
  const who = agent.startsWith("mp3drop-trial") ? "trial" : searchParams.has("sig") ? "task" : "host";
  const comp = searchParams.get("comp");
  const what = [
    headers["x-ms-copy-source"] === undefined ? method : "COPY",
    ...(comp === null ? [] : [comp]),
    // Folders of the staging container are named by conversions.
    container,
    ...(name.length === 0 ? [] : [fileKind(name.at(-1))]),
  ];
  return `${who} ${what.join(" ")}`;
}

/** `report.json` of a task is one kind; `00001.mp3.json` and `00002.mp3.json` are another. */
function fileKind(file) {
  const [, suffix = ""] = /^[^.]*(\..*)?$/.exec(file) ?? [];
  return /\d{3}|[0-9a-f]{16}/.test(file) ? `*${suffix}` : file;
}

/** Members of collections, and whatever else is named by a hash, count as one. */
function withoutIds(parts) {
  return parts.map((part, index) => (index % 2 === 1 || /[0-9a-f]{16}/.test(part) ? "*" : part)).join("/");
}
