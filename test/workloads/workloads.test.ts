import { existsSync } from "node:fs";
import { test } from "vitest";
import { WORKLOADS } from "../../src/workloads/index.ts";

test.for(WORKLOADS)(
  "$name is a workload as the interface wants it",
  ({ script, suffixes, takes, resultType }, { expect }) => {
    expect(existsSync(script)).toBe(true);
    for (const suffix of suffixes) expect(suffix).toMatch(/^\.[^A-Z]+$/);
    expect(takes).not.toBe("");
    expect(resultType).toMatch(/^\w+\/[\w.+-]+/);
  },
);

test("every workload has a name of its own", ({ expect }) => {
  const names = WORKLOADS.map(({ name }) => name);

  expect(names).toEqual([...new Set(names)]);
});
