import { test } from "vitest";
import { ArmError } from "../../../src/cli/azure/arm.ts";
import { examine } from "../../../src/cli/doctor/examine.ts";
import { ok, unknown, warning, wrong } from "../../../src/cli/doctor/finding.ts";
import { countsOf, lineOf } from "../../../src/cli/doctor/report.ts";
import { Secrets } from "../../../src/cli/doctor/secrets.ts";
import { UserError } from "../../../src/local/kit/userError.ts";
import { BatchError } from "../../../src/model/errors.ts";

const secrets = new Secrets();

function failing(error: unknown) {
  return examine([{ what: "thing", look: () => Promise.reject(error) }], { secrets });
}

test("the findings come in the order of the checks, each with what follows from it", async ({ expect }) => {
  let answer = (): void => {};
  const slow = new Promise<void>((resolve) => (answer = resolve));
  const found = await examine(
    [
      {
        what: "first",
        look: async () => {
          await slow;
          return [ok("first", "well")];
        },
        next: ([first]) => [{ what: "second", look: () => [ok("second", `after ${first?.what}`)] }],
      },
      {
        what: "third",
        look: () => {
          answer();
          return [ok("third", "well")];
        },
      },
    ],
    { secrets },
  );

  expect(found.map(({ what }) => what)).toEqual(["first", "second", "third"]);
});

test("what a look throws is a finding, and the others go on", async ({ expect }) => {
  const found = await examine(
    [
      {
        what: "broken",
        look: () => {
          throw new RangeError("a bug");
        },
      },
      { what: "whole", look: () => [ok("whole", "well")] },
    ],
    { secrets },
  );

  expect(found).toEqual([unknown("broken", "the look at it failed: a bug"), ok("whole", "well")]);
});

test("what follows from a finding may fail, too", async ({ expect }) => {
  const next = (): never => {
    throw new RangeError("a bug");
  };

  expect(await examine([{ what: "thing", look: () => [ok("thing", "well")], next }], { secrets })).toEqual([
    ok("thing", "well"),
    unknown("thing", "the look at it failed: a bug"),
  ]);
});

test("an error for people says what it says, with its hint", async ({ expect }) => {
  expect(await failing(new UserError("Code", "It is wrong", { hint: "Do this." }))).toEqual([
    wrong("thing", "It is wrong", "Do this."),
  ]);
  expect(await failing(new BatchError("Batch refused", { code: undefined, statusCode: 409 }))).toEqual([
    wrong("thing", "Batch refused"),
  ]);
});

test("what one may not look at is unknown, not wrong", async ({ expect }) => {
  expect(await failing(new ArmError(403, "AuthorizationFailed", "no role"))).toEqual([
    unknown("thing", "you may not look at it: no role", expect.stringContaining("Owner")),
  ]);
});

test("what gives no answer in time, or none at all, is wrong", async ({ expect }) => {
  const silent = { what: "silent", look: () => new Promise<never>(() => {}) };

  expect(await examine([silent], { secrets, boundMs: 1 })).toMatchObject([
    { what: "silent", state: "wrong", detail: "it gave no answer in time" },
  ]);
  expect(await failing(await fetch("http://127.0.0.1:1").catch((error: unknown) => error))).toMatchObject([
    { state: "wrong", detail: expect.stringMatching(/^it cannot be reached \(/) },
  ]);
});

test("a known key, a signed URL and an account key are hidden, whoever quotes them", async ({ expect }) => {
  const known = new Secrets();
  known.add("a/secret+key==");
  const detail = `a/secret+key== ${encodeURIComponent("a/secret+key==")} https://a.b/c?sig=abc AccountKey=abcd;`;

  const [finding] = await examine([{ what: "thing", look: () => [wrong("thing", detail, detail)] }], {
    secrets: known,
  });

  expect(finding?.detail).toBe("*** *** https://a.b/c AccountKey=…;");
  expect(finding?.hint).toBe(finding?.detail);
});

test("the keys among settings are hidden wherever they turn up", ({ expect }) => {
  const known = new Secrets();
  known.addFrom({
    BATCH_ACCOUNT_KEY: "0123456789",
    STORAGE: "AccountName=a;AccountKey=abcdefghij;B=c",
    PATH: "/usr/local/bin",
  });

  expect(known.hide("0123456789 abcdefghij /usr/local/bin")).toBe("*** *** /usr/local/bin");
});

test("a finding is one line, safe for a terminal, with what to do at its end", ({ expect }) => {
  expect(lineOf(wrong("pool", "it\nfailed\u001B[2J", "Mend it."))).toBe("✗ pool: it failed\\u{1b}[2J → Mend it.");
  expect(lineOf(ok("pool", "well"))).toBe("✓ pool: well");
  expect(countsOf([ok("a", ""), ok("b", ""), warning("c", ""), unknown("d", "")])).toBe("2 ok, 1 warning, 1 unknown");
});
