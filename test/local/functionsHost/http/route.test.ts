import { test } from "vitest";
import { parseRoute } from "../../../../src/local/functionsHost/http/route.ts";

const match = (template: string, path: string): Record<string, string> | undefined =>
  parseRoute(template, "fn").match(path);

test("letters may be of any case, parameters keep theirs", ({ expect }) => {
  expect(match("api/Conversions/{id}", "/API/conversions/AbC")).toEqual({ id: "AbC" });
});

test("a parameter is decoded and never spans a slash", ({ expect }) => {
  expect(match("api/{id}", "/api/a%20b%2Fc")).toEqual({ id: "a b/c" });
  expect(match("api/{id}", "/api/a/b")).toBeUndefined();
});

test("an optional parameter may be missing", ({ expect }) => {
  expect(match("api/{id?}", "/api")).toEqual({});
  expect(match("api/{id?}", "/api/1")).toEqual({ id: "1" });
});

test("a constraint decides whether a route fits", ({ expect }) => {
  expect(match("api/{id:int}", "/api/12")).toEqual({ id: "12" });
  expect(match("api/{id:int}", "/api/x")).toBeUndefined();
});

test("a catch-all takes everything, even nothing", ({ expect }) => {
  expect(match("api/{*path}", "/api/a/b%20c")).toEqual({ path: "a/b c" });
  expect(match("api/{*path}", "/api")).toEqual({});
});

test("a parameter that may have no letters fits the path before it and nothing below", ({ expect }) => {
  expect(match("api/{none:maxlength(0)?}", "/api")).toEqual({});
  expect(match("api/{none:maxlength(0)?}", "/api/")).toEqual({});
  expect(match("api/{none:maxlength(0)?}", "/api/a")).toBeUndefined();
  expect(match("api/{name:maxlength(2)}", "/api/ab")).toEqual({ name: "ab" });
  expect(match("api/{name:maxlength(2)}", "/api/abc")).toBeUndefined();
});

// Each as a real host answered.
const ANSWERS = [
  ["rt/{a:min(3)}", "rt/2", undefined],
  ["rt/{a:min(3)}", "rt/3", { a: "3" }],
  ["rg/{a:range(1,5)}", "rg/9", undefined],
  ["rl/{a:length(2,3)}", "rl/a", undefined],
  ["rl/{a:length(2,3)}", "rl/ab", { a: "ab" }],
  ["rr/{a:regex(^x+$)}", "rr/xx", { a: "xx" }],
  ["rr/{a:regex(^x+$)}", "rr/y", undefined],
  ["rd/{x=5}", "rd", { x: "5" }],
  ["rd/{x=5}", "rd/7", { x: "7" }],
  ["rc/{a}-{b}", "rc/1-2-3", { a: "1-2", b: "3" }],
  ["rc/{a}-{b}", "rc/1", undefined],
  ["ro/{a}.{b?}", "ro/a", { a: "a" }],
  ["ro/{a}.{b?}", "ro/a.b", { a: "a", b: "b" }],
] as const;

test.for(ANSWERS)("the route %s takes %s as the real host does", ([template, path, parameters], { expect }) => {
  expect(match(template, path)).toEqual(parameters);
});

test("constraints may be several, with braces, slashes and defaults", ({ expect }) => {
  expect(match("a/{id:int:max(5)}", "a/5")).toEqual({ id: "5" });
  expect(match("a/{id:int:max(5)}", "a/6")).toBeUndefined();
  expect(match("a/{id:regex(^\\d{{2}}(x|y)$)}/z", "a/12x/z")).toEqual({ id: "12x" });
  expect(match("a/{id:int=3}", "a")).toEqual({ id: "3" });
});

test("a route that cannot be read names its function", ({ expect }) => {
  expect(() => parseRoute("api/{a", "convert")).toThrow(
    /The route "api\/\{a" of function convert cannot be used: "\{a" is not a parameter/,
  );
  for (const constraint of ["regex([)", "maxlength", "int(3)", "datetimeoffset"]) {
    expect(() => parseRoute(`api/{a:${constraint}}`, "convert")).toThrow(
      `does not know the constraint "${constraint}"`,
    );
  }
});
