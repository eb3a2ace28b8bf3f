import { existsSync, readFileSync } from "node:fs";
import { test } from "vitest";
import { SettingsReader } from "../../src/model/settings.ts";
import { WORKLOADS, optionsIn } from "../../src/workloads/index.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { NO_OPTIONS } from "../../src/workloads/options.ts";
import { topWords } from "../../src/workloads/topWords/index.ts";

test.for(WORKLOADS)(
  "$name is a workload as the interface wants it",
  ({ script, suffixes, takes, resultType }, { expect }) => {
    expect(existsSync(script)).toBe(true);
    for (const suffix of suffixes) expect(suffix).toMatch(/^\.[^A-Z]+$/);
    expect(takes).not.toBe("");
    expect(resultType).toMatch(/^\w+\/[\w.+-]+/);
  },
);

test("every option has a key of metadata of its own, over all workloads, and words for people", ({ expect }) => {
  const table = WORKLOADS.flatMap(({ options }) => options?.table ?? []);
  const keys = table.map(({ metadataKey }) => metadataKey);

  expect(keys).toEqual([...new Set(keys)]);
  for (const { name, metadataKey, variable, about, allowed, fallback } of table) {
    expect(metadataKey).toMatch(/^mp3drop_[a-z_]+$/);
    expect(variable).toMatch(/^[A-Z0-9_]+$/);
    for (const words of [name, about, allowed, fallback]) expect(words).not.toBe("");
  }
});

test("the README shows every option", ({ expect }) => {
  const readme = readFileSync("README.md", "utf8");
  const keys = WORKLOADS.flatMap(({ options }) => options?.table ?? []).map(({ metadataKey }) => metadataKey);

  expect(
    [...readme.matchAll(/^\| (`mp3drop_\w+`(?:, `mp3drop_\w+`)*) \|/gm)].flatMap(([, cell = ""]) => cell.split(", ")),
  ).toEqual(keys.map((key) => `\`${key}\``));
});

test("what is chosen is what the record says was used", ({ expect }) => {
  const settings = new SettingsReader({});
  for (const workload of WORKLOADS) {
    const { options = NO_OPTIONS } = workload;
    const used = options.used(workload.environment(settings));

    expect(Object.keys(used)).toEqual(options.table.map(({ name }) => name));
  }
});

test("the options of a workload that may take the same blob are left alone", ({ expect }) => {
  const metadata = { mp3drop_words: "5", mp3drop_bitrate: "128" };

  expect(optionsIn(metadata, topWords)).toEqual({ chosen: { words: "5" } });
  expect(optionsIn(metadata, mp3)).toEqual({ chosen: { bitrate: "128" } });
  expect(optionsIn({ mp3drop_word: "5" }, topWords).failure?.message).toContain("did you mean mp3drop_words?");
});

test("every workload has a name of its own", ({ expect }) => {
  const names = WORKLOADS.map(({ name }) => name);

  expect(names).toEqual([...new Set(names)]);
});
