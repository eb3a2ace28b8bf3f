import { readFileSync } from "node:fs";
import { test } from "vitest";
import { FAILURES, MAX_ATTEMPTS } from "../../src/model/failures.ts";

test("docs/failures.md shows the failure model as it is in the code", ({ expect }) => {
  const rows = Object.entries(FAILURES).map(
    ([code, { reportedBy, isRetried, message, hint }]) =>
      `| \`${code}\` | ${reportedBy.join("; ")} | ${isRetried ? `retried, ${MAX_ATTEMPTS} attempts` : "final"} | ${message}. ${hint} |`,
  );

  const table = readFileSync("docs/failures.md", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"));

  expect(table).toEqual(rows);
});
