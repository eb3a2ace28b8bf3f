/** From the most verbose to silent. */
export const LOG_LEVELS = ["trace", "debug", "information", "warning", "error", "critical", "none"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Logger {
  write(level: LogLevel, category: string, message: string): void;
}

/**
 * Prints the lines that `logLevel` of host.json lets through; the longest matching category decides.
 * https://learn.microsoft.com/azure/azure-functions/configure-monitoring#configure-log-levels
 */
export function createLogger(levels: Readonly<Record<string, string>>, print: (line: string) => void): Logger {
  const rules = Object.entries(levels).map(([category, level]) => ({
    category: category.toLowerCase(),
    level: LOG_LEVELS.indexOf(level.toLowerCase() as LogLevel),
  }));
  const thresholds = new Map<string, number>();

  const threshold = (category: string): number => {
    const known = thresholds.get(category);
    if (known !== undefined) return known;
    const name = category.toLowerCase();
    const [best] = rules
      .filter((rule) => rule.category === "default" || name === rule.category || name.startsWith(`${rule.category}.`))
      .toSorted((a, b) => lengthOf(b.category) - lengthOf(a.category));
    const level = best?.level ?? LOG_LEVELS.indexOf("information");
    thresholds.set(category, level);
    return level;
  };

  return {
    write(level, category, message) {
      if (level === "none" || LOG_LEVELS.indexOf(level) < threshold(category)) return;
      print(`[${level}] ${category.replace(/^Function\.(.*?)(\.User)?$/, "$1")}: ${message}`);
    },
  };
}

function lengthOf(category: string): number {
  return category === "default" ? 0 : category.length;
}
