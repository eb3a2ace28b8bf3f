import { readFileSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";

const ACCESS_MODE = 0o3;

/**
 * Which of these files some process has open for writing, as far as that can be seen: on Linux, the processes of the same
 * user. https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html
 */
export function openForWriting(paths: readonly string[], proc = "/proc"): Set<string> {
  const byRealPath = new Map(paths.flatMap((path) => orNothing(() => [[realpathSync(path), path] as const])));
  const open = new Set<string>();
  if (byRealPath.size === 0) return open;
  const processes = orNothing(() => readdirSync(proc)).filter((name) => /^\d+$/.test(name));
  for (const pid of processes) {
    const folder = join(proc, pid, "fd");
    for (const descriptor of orNothing(() => readdirSync(folder))) {
      const [target = ""] = orNothing(() => [readlinkSync(join(folder, descriptor))]);
      const path = byRealPath.get(target);
      if (path !== undefined && isWriting(join(proc, pid, "fdinfo", descriptor))) open.add(path);
    }
  }
  return open;
}

function isWriting(infoPath: string): boolean {
  const [info = ""] = orNothing(() => [readFileSync(infoPath, "utf8")]);
  const flags = /^flags:\s*([0-7]+)/m.exec(info)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & ACCESS_MODE) !== 0;
}

/** Processes and files come and go, and those of others are closed to us. */
function orNothing<Item>(look: () => Item[]): Item[] {
  try {
    return look();
  } catch {
    return [];
  }
}
