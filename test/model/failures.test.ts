import { readFileSync } from "node:fs";
import { test } from "vitest";
import { FAILURES, MAX_ATTEMPTS } from "../../src/model/failures.ts";
import { WORKLOADS } from "../../src/workloads/index.ts";

test("docs/failures.md shows the failures as they are in the code", ({ expect }) => {
  const ofThePlatform = Object.entries(FAILURES).map(
    ([code, { reportedBy, isRetried, message, hint }]) =>
      `| \`${code}\` | ${reportedBy.join("; ")} | ${isRetried ? `retried, ${MAX_ATTEMPTS} attempts` : "final"} | ${message}. ${hint} |`,
  );
  const ofWorkloads = WORKLOADS.flatMap(({ name, failures }) =>
    Object.entries(failures).map(([code, { message, hint }]) => `| \`${code}\` | ${name} | ${message}. ${hint} |`),
  );

  const rows = readFileSync("docs/failures.md", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"));

  expect(rows).toEqual([...ofThePlatform, ...ofWorkloads]);
});

test("no workload gives one of our own codes another meaning", ({ expect }) => {
  const codes = WORKLOADS.flatMap(({ failures }) => Object.keys(failures));

  expect(codes.filter((code) => Object.hasOwn(FAILURES, code))).toEqual([]);
});
