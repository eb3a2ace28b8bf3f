import { test } from "vitest";
import { createLogger } from "../../../src/local/functionsHost/log.ts";

test("the longest matching category of host.json decides", ({ expect }) => {
  const lines: string[] = [];
  const log = createLogger({ default: "Warning", "Function.convert": "Debug" }, (line) => lines.push(line));

  log.write("information", "Function.other.User", "hidden");
  log.write("debug", "Function.convert.User", "shown");
  log.write("error", "Host.Triggers.DurableTask", "shown too");

  expect(lines).toEqual(["[debug] convert: shown", "[error] Host.Triggers.DurableTask: shown too"]);
});

test("without a setting, information and everything above it is shown", ({ expect }) => {
  const lines: string[] = [];
  const log = createLogger({}, (line) => lines.push(line));

  log.write("debug", "Function.a", "hidden");
  log.write("information", "Function.a", "shown");

  expect(lines).toEqual(["[information] a: shown"]);
});
