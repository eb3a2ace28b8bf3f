import { readFileSync } from "node:fs";

/** One process, told apart from a later one that was given the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** As the operating system counts it; null where it does not say. */
  readonly startedAt: string | null;
}

/** Undefined when no such process runs. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (!exists(pid)) return undefined;
  const stat = readProcStat(pid);
  if (stat === undefined) return { pid, startedAt: null };
  return stat.isDead ? undefined : { pid, startedAt: stat.startedAt };
}

export function isRunning(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid);
  return now !== undefined && now.startedAt === identity.startedAt;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is a process, too.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Linux only: elsewhere the id alone has to do. Fields as in `man 5 proc_pid_stat`. */
function readProcStat(pid: number): { isDead: boolean; startedAt: string } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The second field is the command in parentheses and may hold anything, spaces and parentheses included.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // A killed process whose parent has not asked for its exit code still has an id.
  return { isDead: fields[0] === "Z" || fields[0] === "X", startedAt: fields[19] ?? "" };
}
