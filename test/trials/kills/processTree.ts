import { execFileSync } from "node:child_process";
import type { ProcessIdentity } from "../../../src/local/kit/processIdentity.ts";
import { identifyProcess } from "../../../src/local/kit/processIdentity.ts";

interface TreeProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** The process and all that descend from it, parents first. Empty if it does not run. */
export function processTree(root: number): TreeProcess[] {
  const all = listProcesses();
  const tree = all.filter(({ pid }) => pid === root);
  // The array grows while it is walked.
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
}

export function identities(tree: readonly TreeProcess[]): ProcessIdentity[] {
  return tree.flatMap(({ pid }) => identifyProcess(pid) ?? []);
}

/** One that has ended meanwhile is dead as well. */
export function killAll(tree: readonly TreeProcess[]): void {
  for (const { pid } of tree) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

function listProcesses(): TreeProcess[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8", maxBuffer: 2 ** 26 });
  return lines.split("\n").flatMap((line) => {
    const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}
