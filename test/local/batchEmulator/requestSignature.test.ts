import fc from "fast-check";
import { test } from "vitest";
import { isSignedWith, signatureOf, stringToSign } from "../../../src/local/batchEmulator/http/requestSignature.ts";

const KEY = Buffer.from("a key").toString("base64");

const request = fc.record({
  method: fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"),
  rawUrl: fc
    .tuple(fc.array(fc.string(), { minLength: 1 }), fc.dictionary(fc.stringMatching(/^[$a-z]{1,8}$/), fc.string()))
    .map(([path, query]) => {
      const parameters = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
      return `/${path.map(encodeURIComponent).join("/")}?${parameters.join("&")}`;
    }),
  headers: fc.record({ "ocp-date": fc.constant("Thu, 01 Jan 2026 00:00:00 GMT"), "content-type": fc.constant("a/b") }),
  bodyLength: fc.nat(),
});

test("the text to sign is that of the documented example", ({ expect }) => {
  const text = stringToSign(
    {
      method: "GET",
      rawUrl:
        "/jobs/job1/tasks?api-version=2022-10-01.16.0&maxresults=2&$filter=state%20eq%20'active'&$select=id%2Cstate",
      headers: { "content-type": "application/json; charset=utf-8", "ocp-date": "Sat, 21 Nov 2026 07:01:52 GMT" },
      bodyLength: 0,
    },
    "localacct",
  );

  expect(text).toBe(
    "GET\n\n\n\n\napplication/json; charset=utf-8\n\n\n\n\n\n\nocp-date:Sat, 21 Nov 2026 07:01:52 GMT\n" +
      "/localacct/jobs/job1/tasks\n$filter:state eq 'active'\n$select:id,state\napi-version:2022-10-01.16.0\nmaxresults:2",
  );
});

test("an empty body is signed as 0 with POST only", ({ expect }) => {
  const lengthLine = (method: string) =>
    stringToSign({ method, rawUrl: "/", headers: {}, bodyLength: 0 }, "a").split("\n")[3];

  expect(lengthLine("POST")).toBe("0");
  expect(lengthLine("PUT")).toBe("");
});

test("what was signed is accepted with either key, and with no other", ({ expect }) => {
  fc.assert(
    fc.property(request, (signed) => {
      const signature = signatureOf(stringToSign(signed, "acct"), KEY);
      const other = Buffer.from("another").toString("base64");
      expect(isSignedWith(signed, "acct", [KEY], signature)).toBe(true);
      expect(isSignedWith(signed, "acct", [other, KEY], signature)).toBe(true);
      expect(isSignedWith(signed, "acct", [other], signature)).toBe(false);
    }),
  );
});

test("a request that was changed after it was signed is not accepted", ({ expect }) => {
  fc.assert(
    fc.property(request, fc.constantFrom("method", "path", "query", "length", "date"), (signed, part) => {
      const signature = signatureOf(stringToSign(signed, "acct"), KEY);
      const changed = {
        method: part === "method" ? `${signed.method}X` : signed.method,
        rawUrl: part === "path" ? `/x${signed.rawUrl}` : part === "query" ? `${signed.rawUrl}&zzz=1` : signed.rawUrl,
        headers: part === "date" ? { ...signed.headers, "ocp-date": "later" } : signed.headers,
        bodyLength: part === "length" ? signed.bodyLength + 1 : signed.bodyLength,
      };
      expect(isSignedWith(changed, "acct", [KEY], signature)).toBe(false);
    }),
  );
});

test("what libraries of other languages sign is accepted too", ({ expect }) => {
  const headers = { "ocp-date": "now", date: "then" };
  const request = { method: "DELETE", rawUrl: "/jobs/j?api-version=1&maxResults=2", headers, bodyLength: 0 };
  const signatureFor = (account: string, length: string, date: string, query: string): string =>
    signatureOf(`DELETE\n\n\n${length}\n\n\n${date}\n\n\n\n\n\nocp-date:now\n/${account}/jobs/j\n${query}`, KEY);

  const asNode = signatureFor("Acct", "", "then", "api-version:1\nmaxResults:2");
  const withLength = signatureFor("Acct", "0", "then", "api-version:1\nmaxResults:2");
  const asJava = signatureFor("acct", "", "", "api-version:1\nmaxresults:2");

  expect([asNode, withLength, asJava].map((text) => isSignedWith(request, "Acct", [KEY], text))).toEqual([
    true,
    true,
    true,
  ]);
});

test("an apostrophe that was signed as such and sent encoded is accepted", ({ expect }) => {
  const headers = { "ocp-date": "now" };
  const signature = signatureOf(stringToSign({ method: "GET", rawUrl: "/f/it's", headers, bodyLength: 0 }, "a"), KEY);

  expect(isSignedWith({ method: "GET", rawUrl: "/f/it%27s", headers, bodyLength: 0 }, "a", [KEY], signature)).toBe(
    true,
  );
});
