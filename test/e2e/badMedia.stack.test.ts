import { test } from "vitest";
import { CORPUS } from "../trials/badMedia/corpus.ts";
import { tryBadMedia } from "../trials/badMedia/run.ts";
import { TRIAL_BOUND_MS } from "../patience.ts";

test("every odd or bad file ends as it should", { timeout: TRIAL_BOUND_MS }, ({ expect }) => {
  const rows = tryBadMedia(
    CORPUS.filter(({ isLong }) => !isLong),
    { isQuiet: true },
  );

  expect(rows.length).toBeGreaterThan(60);
  expect(rows.filter(({ isRight }) => !isRight)).toEqual([]);
});
