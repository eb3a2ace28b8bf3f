type Counts = Readonly<Record<string, number>>;

/** How many more a service has served, by kind, most frequent first: not by port, and without the trial's own. */
export function requestsBetween(before: Counts, after: Counts): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [portAndKind, count] of Object.entries(after)) {
    const kind = portAndKind.slice(portAndKind.indexOf(" ") + 1);
    const more = count - (before[portAndKind] ?? 0);
    if (more > 0 && !kind.startsWith("trial ")) counts.set(kind, (counts.get(kind) ?? 0) + more);
  }
  return new Map([...counts].toSorted(([, a], [, b]) => b - a));
}

export function total(figures: Counts): number {
  return Object.values(figures).reduce((sum, figure) => sum + figure, 0);
}
