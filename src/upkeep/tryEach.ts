/** Does the same for all items at once. What goes wrong with one does not stop the others; `problems` tells of it. */
export async function tryEach<Item, Result>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  action: (item: Item) => Promise<Result>,
): Promise<{ readonly results: readonly Result[]; readonly problems: readonly string[] }> {
  const results: Result[] = [];
  const problems: string[] = [];
  const settled = await Promise.allSettled(items.map(action));
  for (const [index, item] of items.entries()) {
    const outcome = settled[index];
    if (outcome?.status === "fulfilled") results.push(outcome.value);
    if (outcome?.status === "rejected") problems.push(`${nameOf(item)}: ${String(outcome.reason)}`);
  }
  return { results, problems };
}
