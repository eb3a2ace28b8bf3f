import { test } from "vitest";
import { seededRandom } from "../../../src/local/batchEmulator/random.ts";
import { planRounds, planUploads, TARGETS } from "./plan.ts";

function firstUploads(count: number, seed: number) {
  const uploads = planUploads(4, seededRandom(seed));
  return Array.from({ length: count }, () => uploads.next().value);
}

test("the same seed plans the same kills and uploads, another seed others", ({ expect }) => {
  expect(planRounds(20, seededRandom(1))).toEqual(planRounds(20, seededRandom(1)));
  expect(planRounds(20, seededRandom(1))).not.toEqual(planRounds(20, seededRandom(2)));
  expect(firstUploads(20, 1)).toEqual(firstUploads(20, 1));
  expect(firstUploads(20, 1)).not.toEqual(firstUploads(20, 2));
});

test("fifty kills are ten of each, some while the stack starts", ({ expect }) => {
  const rounds = planRounds(50, seededRandom(1));

  const counts = TARGETS.map((target) => rounds.filter((round) => round.target === target).length);
  expect(counts).toEqual([10, 10, 10, 10, 10]);
  expect(new Set(rounds.map(({ waitsForStack }) => waitsForStack))).toEqual(new Set([true, false]));
});

test("some uploads replace a video, always by another one", ({ expect }) => {
  const current = new Map<string, number>();
  let replaced = 0;
  for (const { name, video } of firstUploads(200, 1)) {
    expect(video).not.toBe(current.get(name));
    if (current.has(name)) replaced++;
    current.set(name, video);
  }

  expect(replaced).toBeGreaterThan(20);
});
