import { test } from "vitest";
import { CORPUS } from "../trials/badMedia/corpus.ts";
import { tryBadMedia } from "../trials/badMedia/run.ts";
import { TRIAL_BOUND_MS } from "../patience.ts";

/** The script and the judgement of each file of the corpus have tests of their own. */
const SOME = [
  "film with sound",
  "odd tags",
  "endless tag",
  "default is second",
  "joined from the middle",
  "no sound",
  "cut off, index at the start",
  "joined twice",
  "only the first bytes",
  "empty",
  "playlist of local files",
];

test("odd and bad files end through the whole stack as they should", { timeout: TRIAL_BOUND_MS }, ({ expect }) => {
  const rows = tryBadMedia(
    CORPUS.filter(({ name }) => SOME.includes(name)),
    { isQuiet: true },
  );

  expect(rows).toHaveLength(SOME.length);
  expect(rows.filter(({ isRight }) => !isRight)).toEqual([]);
});
