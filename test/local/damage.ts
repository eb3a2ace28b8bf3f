export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Path = readonly (string | number)[];

/** What may stand in the place of a value. */
export const WRONG: readonly Json[] = [null, 7, "x", {}, [], true, -1.5, ["x"], { x: null }];

/** The place of every value. */
export function* placesIn(value: Json, path: Path = []): Iterable<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) yield* placesIn(part, [...path, name]);
}

export function replaced(value: Json, [name, ...rest]: Path, by: Json): Json {
  if (name === undefined) return by;
  const copy = structuredClone(value) as Record<string, Json>;
  copy[name] = replaced(copy[name] ?? null, rest, by);
  return copy;
}
