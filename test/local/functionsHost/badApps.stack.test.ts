import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { fixtureApp, runHostToItsEnd, startHostProcess } from "./hostProcess.ts";

test("an entry file that throws is one sentence, and nothing is written", async ({ expect }) => {
  const data = join(temporaryFolder(), "data");

  const { code, stderr } = await runHostToItsEnd({ app: fixtureApp("throwing"), data });

  expect(code).toBe(2);
  expect(stderr).toContain("index.js of the function app failed to load: SETTING is missing");
  expect(stderr).toContain("index.js:1");
  expect(existsSync(data)).toBe(false);
});

test("two functions with one name are refused", async ({ expect }) => {
  const data = temporaryFolder();

  const { code, stderr } = await runHostToItsEnd({ app: fixtureApp("duplicate"), data });

  expect(code).toBe(2);
  expect(stderr).toContain('Two functions are registered with the name "Convert"');
  expect(readdirSync(data)).toEqual([]);
});

test("an app of which this host can run nothing is refused, and all that it lacks is named", async ({ expect }) => {
  const { code, stderr } = await runHostToItsEnd({
    app: fixtureApp("unsupported"),
    data: temporaryFolder(),
  });

  expect(code).toBe(2);
  expect(stderr).toContain("onChange uses cosmosDBTrigger (in); onMessage uses serviceBusTrigger (in)");
});

test("a missing connection is named, and nothing is written", async ({ expect }) => {
  const data = temporaryFolder();

  const { code, stderr } = await runHostToItsEnd({ app: fixtureApp("blobs"), data, env: { INPUT_CONTAINER: "input" } });

  expect(code).toBe(2);
  expect(stderr).toContain("Function onBlob uses the connection STORAGE, but the app setting STORAGE is not set");
  expect(readdirSync(data)).toEqual([]);
});

test("what the environment does not set is read from local.settings.json", async ({ expect }) => {
  const app = temporaryFolder();
  const hubName = { version: "2.0", extensions: { durableTask: { hubName: "%HUB%" } } };
  writeFileSync(join(app, "host.json"), JSON.stringify(hubName));
  writeFileSync(join(app, "local.settings.json"), '{"Values":{"HUB":"7 wrong"}}');

  const { code, stderr } = await runHostToItsEnd({ app, data: temporaryFolder() });
  const other = await runHostToItsEnd({ app, data: temporaryFolder(), env: { HUB: "Right" } });

  expect(code).toBe(2);
  expect(stderr).toContain("extensions.durableTask.hubName: Invalid format: Expected /^[A-Za-z]");
  expect(stderr).toContain("7 wrong");
  expect(other.stderr).toContain(`There is no ${join(app, "package.json")}`);
});

test("a newer data format is left as it is", async ({ expect }) => {
  const data = temporaryFolder();
  const journal = join(data, "functions", "state.journal");
  mkdirSync(join(data, "functions"));
  writeFileSync(journal, '{"kind":"functions-host","version":99}\n{"future":true}\n');

  const { code, stderr } = await runHostToItsEnd({ app: fixtureApp("basic"), data });

  expect(code).toBe(2);
  expect(stderr).toContain("has data format 99; this version reads formats 1 to 3");
  expect(readFileSync(journal, "utf8")).toBe('{"kind":"functions-host","version":99}\n{"future":true}\n');
  expect(readdirSync(join(data, "functions"))).toEqual(["state.journal"]);
});

test("a data folder that is a file is refused", async ({ expect }) => {
  const data = join(temporaryFolder(), "data");
  writeFileSync(data, "");

  const { code, stderr } = await runHostToItsEnd({ app: fixtureApp("basic"), data });

  expect(code).toBe(2);
  expect(stderr).toContain("The data folder cannot be used");
});

test("a journal that cannot be read is refused", async ({ expect }) => {
  const data = temporaryFolder();
  mkdirSync(join(data, "functions", "state.journal"), { recursive: true });

  const { code, stderr } = await runHostToItsEnd({ app: fixtureApp("basic"), data });

  expect(code).toBe(2);
  expect(stderr).toContain("The data folder cannot be used: EISDIR");
  expect(readdirSync(join(data, "functions"))).toEqual(["state.journal"]);
});

test("a damaged journal is refused and left as it is", async ({ expect }) => {
  const data = temporaryFolder();
  const journal = join(data, "functions", "state.journal");
  mkdirSync(join(data, "functions"));
  writeFileSync(journal, '{"kind":"functions-host","version":1}\nnot json\n');

  const { code, stderr } = await runHostToItsEnd({ app: fixtureApp("basic"), data });

  expect(code).toBe(2);
  expect(stderr).toContain("state.journal is damaged at line 2");
  expect(readFileSync(journal, "utf8")).toContain("not json");
});

test("a folder without an app is refused", async ({ expect }) => {
  const folder = temporaryFolder();

  const { code, stderr } = await runHostToItsEnd({ app: folder, data: folder });

  expect(code).toBe(2);
  expect(stderr).toContain("host.json");
});

test.for(["throw", "reject"])(
  "an error of the app outside of a function call ends the host as one of the app (%s)",
  async (how, { expect }) => {
    const host = await startHostProcess({ app: fixtureApp("stray"), data: temporaryFolder() });

    await fetch(`${host.url}/api/${how}`).catch(() => {});

    expect(await host.ended()).toBe(2);
    expect(host.log()).toMatch(/\[error\] Worker: Uncaught exception: Error: nobody hears this\n.*stray\/index\.js:/);
    expect(host.log()).toContain("AppCrashed: The app threw outside of a function call: nobody hears this");
    expect(host.log()).not.toContain("This is a bug");
  },
);

test("an app that throws while it loads, and would never be ready, ends the host, too", async ({ expect }) => {
  const app = temporaryFolder();
  const data = temporaryFolder();
  writeFileSync(join(app, "host.json"), '{ "version": "2.0" }');
  writeFileSync(join(app, "package.json"), '{ "type": "module", "main": "index.js" }');
  const entry = 'setImmediate(() => { throw new Error("nobody hears this"); }); await new Promise(() => {});';
  writeFileSync(join(app, "index.js"), entry);

  const { code, stderr } = await runHostToItsEnd({ app, data });

  expect(code).toBe(2);
  expect(stderr).toContain("AppCrashed: The app threw outside of a function call: nobody hears this");
  expect(readdirSync(data)).toEqual([]);
});

test("an app that fails while it ends is reported, and keeps nothing locked", async ({ expect }) => {
  const data = temporaryFolder();
  const host = await startHostProcess({ app: fixtureApp("badEnd"), data });

  expect(await host.end("SIGTERM")).toBe(2);
  expect(host.log()).toMatch(/HookFailed: A hook for the end of the app failed: the app does not end well/);
  expect(host.log()).toContain("badEnd/index.js:");
  expect(readdirSync(join(data, "functions"))).toEqual(["archive", "state.journal"]);
});
