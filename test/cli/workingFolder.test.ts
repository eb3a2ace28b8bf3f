import { test } from "vitest";
import { workingFolder } from "../../src/cli/workingFolder.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

test("run by npm, paths start in the folder that the user was in", ({ expect }) => {
  const repository = temporaryFolder();
  const env = { INIT_CWD: "/videos/of/me", npm_lifecycle_event: "convert" };

  expect(workingFolder(env, repository, repository)).toBe("/videos/of/me");
});

test("run by itself, or below another script, paths start in the current folder", ({ expect }) => {
  const repository = temporaryFolder();
  const elsewhere = temporaryFolder();

  expect(workingFolder({}, repository, repository)).toBe(repository);
  expect(workingFolder({ INIT_CWD: "/x", npm_lifecycle_event: "test" }, repository, repository)).toBe(repository);
  expect(workingFolder({ INIT_CWD: "/x", npm_lifecycle_event: "convert" }, elsewhere, repository)).toBe(elsewhere);
});
