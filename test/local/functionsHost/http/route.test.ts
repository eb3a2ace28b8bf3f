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

test("literals are tried before parameters", ({ expect }) => {
  const routes = ["api/{*all}", "api/{id}", "api/{id:int}", "api/list"].map((template) => parseRoute(template, "fn"));

  expect(routes.toSorted((a, b) => (a.order < b.order ? -1 : 1)).map(({ order }) => order)).toEqual([
    "00",
    "01",
    "02",
    "03",
  ]);
});

test("a route that cannot be read names its function", ({ expect }) => {
  expect(() => parseRoute("api/{a}-{b}", "convert")).toThrow(
    /The route "api\/\{a\}-\{b\}" of function convert cannot be used/,
  );
  expect(() => parseRoute("api/{a:regex(x)}", "convert")).toThrow('does not know the constraint "regex(x)"');
});
