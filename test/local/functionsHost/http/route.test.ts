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

test("a route that cannot be read names its function", ({ expect }) => {
  expect(() => parseRoute("api/{a}-{b}", "convert")).toThrow(
    /The route "api\/\{a\}-\{b\}" of function convert cannot be used/,
  );
  for (const constraint of ["regex(x)", "maxlength", "int(3)"]) {
    expect(() => parseRoute(`api/{a:${constraint}}`, "convert")).toThrow(
      `does not know the constraint "${constraint}"`,
    );
  }
});
