type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Path = readonly (string | number)[];

/**
 * Puts something wrong in the place of every value in the lines of a journal, one at a time, and collects what troubles
 * that makes. The first line, which says what file it is, stays.
 */
export async function damageEverywhere(
  lines: readonly string[],
  troubleWith: (damaged: readonly string[]) => Promise<string | undefined>,
): Promise<{ readonly tried: number; readonly troubles: readonly string[] }> {
  const troubles: string[] = [];
  let tried = 0;
  for (const [index, line] of lines.entries()) {
    if (index === 0) continue;
    const entry = JSON.parse(line) as Json;
    for (const path of placesIn(entry)) {
      const by = WRONG[tried++ % WRONG.length] ?? null;
      const trouble = await troubleWith(lines.with(index, JSON.stringify(replaced(entry, path, by))));
      const where = `line ${index + 1}, ${path.join(".")} = ${JSON.stringify(by)}`;
      if (trouble !== undefined) troubles.push(`${where}: ${trouble}`);
    }
  }
  return { tried, troubles };
}

/** What may stand in the place of a value. */
const WRONG: readonly Json[] = [null, 7, "x", {}, [], true, -1.5, ["x"], { x: null }];

/** The place of every value. */
function* placesIn(value: Json, path: Path = []): Iterable<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) yield* placesIn(part, [...path, name]);
}

function replaced(value: Json, [name, ...rest]: Path, by: Json): Json {
  if (name === undefined) return by;
  const copy = structuredClone(value) as Record<string, Json>;
  copy[name] = replaced(copy[name] ?? null, rest, by);
  return copy;
}
