import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { findFfmpeg } from "../../src/local/stack/ffmpeg.ts";
import type { ConversionRecord } from "../../src/model/conversion.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { startCli } from "./runCli.ts";

const MEDIA = join(import.meta.dirname, "..", "fixtures", "media");
const SAMPLE = join(MEDIA, "sample.mp4");
const SILENT = join(MEDIA, "silent-film.mp4");

test("convert runs a stack of its own where none runs, and stops it", async ({ expect }) => {
  const data = temporaryFolder();
  const out = temporaryFolder();

  const cli = startCli(["convert", "--data", data, "--out", out, "--json", SAMPLE]);

  expect(await cli.exit).toEqual({ code: 0, signal: null });
  expect(cli.stderr().match(/^Converting with ffmpeg \S+ \(\/.+\)$/gm)).toHaveLength(1);
  const { conversions } = JSON.parse(cli.stdout()) as { conversions: ConversionRecord[] };
  expect(conversions).toMatchObject([{ status: "succeeded", output: { name: "sample.mp3" } }]);
  expect(existsSync(join(out, "sample.mp3"))).toBe(true);
  expect(existsSync(join(data, "stack.json"))).toBe(false);
});

/** The environment of a stack whose conversions do not end before they are let. */
function heldConversions(): { readonly env: NodeJS.ProcessEnv; readonly letEnd: () => void } {
  const folder = temporaryFolder();
  const [held, go] = [join(folder, "ffmpeg"), join(folder, "go")];
  const { ffmpeg } = findFfmpeg(process.env);
  const wait = `[[ $1 == -version ]] || until [[ -e '${go}' ]]; do sleep 0.05; done`;
  writeFileSync(held, `#!/bin/bash\n${wait}\nexec '${ffmpeg}' "$@"\n`, { mode: 0o755 });
  return { env: { FFMPEG_PATH: held }, letEnd: () => writeFileSync(go, "") };
}

test("two converts on one folder share the stack of the first", async ({ expect }) => {
  const data = temporaryFolder();
  const outs = [temporaryFolder(), temporaryFolder()];
  const { env, letEnd } = heldConversions();

  const first = startCli(["convert", "--data", data, "--out", outs[0] ?? "", SAMPLE], { env });
  await expect.poll(() => existsSync(join(data, "stack.json"))).toBe(true);
  const second = startCli(["convert", "--data", data, "--out", outs[1] ?? "", SILENT]);
  await expect.poll(() => second.stderr()).toContain(": uploaded");
  letEnd();

  expect((await first.exit).code).toBe(0);
  expect((await second.exit).code).toBe(1);
  expect([first.stderr(), second.stderr()].filter((text) => text.includes("Starting a local stack"))).toHaveLength(1);
});

test("Ctrl-C stops the stack with the conversion", async ({ expect }) => {
  const data = temporaryFolder();
  const cli = startCli(["convert", "--data", data, "--out", temporaryFolder(), SAMPLE], heldConversions());
  await expect.poll(() => existsSync(join(data, "stack.json"))).toBe(true);

  cli.child.kill("SIGINT");

  expect(await cli.exit).toEqual({ code: 130, signal: null });
  expect(cli.stderr()).toContain("Stopping");
  expect(existsSync(join(data, "stack.lock"))).toBe(false);
});
