import { readFileSync } from "node:fs";

/** Seconds of processor time. */
export interface CpuTimes {
  readonly own: number;
  /** Of the processes that it has started and that have ended, and of those that these have started. */
  readonly endedChildren: number;
}

/** The same on all machines with Linux: https://man7.org/linux/man-pages/man7/time.7.html (USER_HZ) */
const TICKS_PER_SECOND = 100;

/** Undefined where the system has no /proc. */
export function cpuTimesOf(pid: number): CpuTimes | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name of the program may hold spaces and brackets. */
export function parseStat(stat: string): CpuTimes {
  const fields = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  // From the third field on.
  const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11);
  return { own: (user + system) / TICKS_PER_SECOND, endedChildren: (childrenUser + childrenSystem) / TICKS_PER_SECOND };
}
