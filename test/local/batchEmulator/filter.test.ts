import fc from "fast-check";
import { test } from "vitest";
import { FIELDS } from "../../../src/local/batchEmulator/http/fields.ts";
import { parseFilter } from "../../../src/local/batchEmulator/http/filter.ts";

const TASK = {
  id: "Intro-7",
  state: "completed",
  creationTime: "2026-01-01T12:00:00.5Z",
  lastModified: "2026-01-02T00:00:00Z",
  executionInfo: { exitCode: 3, result: "failure", startTime: "2026-01-01T12:00:01Z" },
};

test.for([
  ["state eq 'completed'", true],
  ["state eq 'COMPLETED'", true],
  ["state ne 'active'", true],
  ["id eq 'intro-7'", true],
  ["startswith(id,'intro')", true],
  ["startswith(id, 'xtro')", false],
  ["executionInfo/exitCode gt 2 and executionInfo/exitCode le 3", true],
  ["executionInfo/exitCode lt 0", false],
  ["executionInfo/endTime gt DateTime'2020-01-01T00:00:00Z'", false],
  ["creationTime ge DateTime'2026-01-01T12:00:00Z'", true],
  ["lastModifiedTime lt DateTime'Fri, 02 Jan 2026 00:00:01 GMT'", true],
  ["state eq 'active' or (state eq 'completed' and executionInfo/result eq 'failure')", true],
  ["state eq 'active' and state eq 'active' or id eq 'Intro-7'", true],
  ["id eq 'it''s'", false],
] as const)("%s is %s", ([filter, expected], { expect }) => {
  expect(parseFilter(filter, FIELDS.task.filter)(TASK)).toBe(expected);
});

test.for([
  "unknown eq 'x'",
  "commandLine eq 'x'",
  "State eq 'active'",
  "state like 'x'",
  "state eq active",
  "state eq",
  "state",
  "(state eq 'a'",
  "state eq 'a' and",
  "state eq 'a' 'b'",
  "executionInfo/exitCode eq 'x'",
  "creationTime gt '2026'",
  "startswith(executionInfo/exitCode,'1')",
  "state eq 'open",
  "constructor eq 'x'",
  "id constructor 'x'",
  "id toString 'x'",
  "id __proto__ 'x'",
])("%s is refused", (filter, { expect }) => {
  expect(() => parseFilter(filter, FIELDS.task.filter)).toThrow(
    expect.objectContaining({ code: "InvalidQueryParameterValue" }),
  );
});

test("thousands of brackets are refused", ({ expect }) => {
  const refusal = expect.objectContaining({ code: "InvalidQueryParameterValue" });
  for (const filter of ["(".repeat(15_000), `${"(".repeat(15_000)}id eq 'x'${")".repeat(15_000)}`]) {
    expect(() => parseFilter(filter, FIELDS.task.filter)).toThrow(refusal);
  }
});

test("brackets may be nested and conditions joined as deeply as anybody writes", ({ expect }) => {
  const nested = `${"(".repeat(50)}id eq 'intro-7'${")".repeat(50)}`;
  const joined = Array(1000).fill("id eq 'x'").join(" or ");

  expect(parseFilter(nested, FIELDS.task.filter)(TASK)).toBe(true);
  expect(parseFilter(`${joined} or ${nested}`, FIELDS.task.filter)(TASK)).toBe(true);
});

test("a filter is either read or refused in the words of the service", ({ expect }) => {
  const word = fc.constantFrom(
    "state",
    "eq",
    "and",
    "or",
    "(",
    ")",
    "'x'",
    "1",
    "startswith",
    ",",
    "DateTime'",
    "id",
    "'",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(word).map((words) => words.join(" ")),
  );
  fc.assert(
    fc.property(text, (filter) => {
      try {
        expect(typeof parseFilter(filter, FIELDS.task.filter)(TASK)).toBe("boolean");
      } catch (error) {
        expect(error).toMatchObject({ code: "InvalidQueryParameterValue" });
      }
    }),
  );
});

test("any text can be searched for, quotes doubled", ({ expect }) => {
  fc.assert(
    fc.property(fc.string(), (id) => {
      const filter = `id eq '${id.replaceAll("'", "''")}'`;
      expect(parseFilter(filter, FIELDS.task.filter)({ id })).toBe(true);
    }),
  );
});
