import type { RpcLogLevel } from "./worker/rpc.ts";

export interface Logger {
  write(level: RpcLogLevel, category: string, message: string): void;
}

const LEVELS: readonly RpcLogLevel[] = ["trace", "debug", "information", "warning", "error", "critical", "none"];

/**
 * Lines for people, as far as `logLevel` of host.json lets them through: the longest matching category decides.
 * https://learn.microsoft.com/azure/azure-functions/configure-monitoring#configure-log-levels
 */
export function createLogger(levels: Readonly<Record<string, string>>, print: (line: string) => void): Logger {
  const rules = Object.entries(levels).map(([category, level]) => ({
    category: category.toLowerCase(),
    level: LEVELS.indexOf(level.toLowerCase() as RpcLogLevel),
  }));
  const thresholds = new Map<string, number>();

  const threshold = (category: string): number => {
    const known = thresholds.get(category);
    if (known !== undefined) return known;
    const name = category.toLowerCase();
    const [best] = rules
      .filter((rule) => rule.category === "default" || name === rule.category || name.startsWith(`${rule.category}.`))
      .toSorted((a, b) => lengthOf(b.category) - lengthOf(a.category));
    const level = best?.level ?? LEVELS.indexOf("information");
    thresholds.set(category, level);
    return level;
  };

  return {
    write(level, category, message) {
      if (level === "none" || LEVELS.indexOf(level) < threshold(category)) return;
      print(`[${level}] ${category.replace(/^Function\.(.*?)(\.User)?$/, "$1")}: ${message}`);
    },
  };
}

function lengthOf(category: string): number {
  return category === "default" ? 0 : category.length;
}
