import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** One process, told apart from a later one that was given the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** As the operating system counts it; null where it does not say. */
  readonly startedAt: string | null;
}

interface Status {
  /** A killed process keeps its id until its parent asks for its exit code. */
  readonly isZombie: boolean;
  readonly startedAt: string;
}

export function ownIdentity(): ProcessIdentity {
  return identifyProcess(process.pid) ?? { pid: process.pid, startedAt: null };
}

/** Undefined if no such process runs; a zombie does not run. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (!hasProcess(pid)) return undefined;
  const status = readStatus(pid);
  if (status === undefined) return { pid, startedAt: null };
  return status.isZombie ? undefined : { pid, startedAt: status.startedAt };
}

export function isRunning(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid);
  if (now === undefined) return false;
  // Where the system does not say when it started, or cannot say so just now, the id has to do.
  return now.startedAt === identity.startedAt || now.startedAt === null || identity.startedAt === null;
}

/** Also true of a zombie: the group that it led may live on under its id. */
export function keepsItsId(identity: ProcessIdentity): boolean {
  return hasProcess(identity.pid) && (readStatus(identity.pid)?.startedAt ?? null) === identity.startedAt;
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is a process, too.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readStatus(pid: number): Status | undefined {
  try {
    return process.platform === "linux" ? readProcStat(pid) : askPs(pid);
  } catch {
    return undefined;
  }
}

/** Fields as in `man 5 proc_pid_stat`. */
function readProcStat(pid: number): Status {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the command in parentheses and may hold anything, spaces and parentheses included.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { isZombie: fields[0] === "Z" || fields[0] === "X", startedAt: fields[19] ?? "" };
}

/** macOS and the BSDs have no /proc. The date is written in the words and the zone of the environment. */
function askPs(pid: number): Status {
  const text = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
  }).trim();
  const [state = "", ...date] = text.split(/\s+/);
  return { isZombie: state.startsWith("Z"), startedAt: date.join(" ") };
}
