/** How far a round of the sweep has come: all names before this place have been seen since it began. */
export interface SweepPlace {
  /** ISO 8601. */
  readonly beganAt: string;
  /** The page of the input container in which the round goes on; null: the first one. */
  readonly input: string | null;
  /** The last name of that page that has been seen; null: none. */
  readonly after: string | null;
  /** The page of the output container from which on the records are needed; null: the first one. */
  readonly output: string | null;
}

/** In the container of the scripts. It is there only while a round takes more than one run. */
export const PLACE_BLOB = "sweep.json";

export function beginningAt(now: Date): SweepPlace {
  return { beganAt: now.toISOString(), input: null, after: null, output: null };
}

/** Undefined if it is not one. */
export function parsePlace(value: unknown): SweepPlace | undefined {
  const { beganAt, input, after, output } = (value ?? {}) as Record<keyof SweepPlace, unknown>;
  const isTime = typeof beganAt === "string" && !Number.isNaN(Date.parse(beganAt));
  if (!isTime || !isTextOrNull(input) || !isTextOrNull(after) || !isTextOrNull(output)) return undefined;
  return { beganAt, input, after, output };
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}
