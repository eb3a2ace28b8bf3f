import { test } from "vitest";
import { readAppError } from "../../../../src/local/functionsHost/worker/appError.ts";
import { ScheduleStatuses } from "../../../../src/local/functionsHost/triggers/timerTrigger.ts";

test("an error from the host's own code is not one of the app", ({ expect }) => {
  const damaged = new ScheduleStatuses();
  let error: unknown;
  try {
    damaged.check("no entry");
  } catch (cause) {
    error = cause;
  }

  expect(error).toBeInstanceOf(Error);
  expect(readAppError(error)).toBeUndefined();
});

test("the host's own code is its own even where it is installed as a library", ({ expect }) => {
  const folder = "/usr/lib/node_modules/mp3drop/dist/local";
  const frames = [
    "at write (node:fs:1:2)",
    `at save (file://${folder}/functionsHost/stateFile.js:1:2)`,
    "at handler (/app/index.js:1:2)",
  ];
  const error = Object.assign(new Error("lost"), { stack: ["Error: lost", ...frames].join("\n    ") });

  expect(readAppError(error, folder)).toBeUndefined();
});

test.for([
  new Error("mine"),
  "only text",
  Object.assign(new Error("lost"), { stack: "Error: lost\n    at a (node:net:1:2)" }),
])("any other error is (%s)", (error, { expect }) => {
  expect(readAppError(error)).toMatchObject({ code: "AppCrashed" });
});
