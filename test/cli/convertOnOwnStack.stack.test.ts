import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import type { ConversionRecord } from "../../src/model/conversion.ts";
import { findFfmpeg } from "../../src/local/stack/ffmpeg.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { startCli } from "./runCli.ts";

const MEDIA = join(import.meta.dirname, "..", "fixtures", "media");
const SAMPLE = join(MEDIA, "sample.mp4");
const SILENT = join(MEDIA, "silent-film.mp4");

/** Conversions that need it do not end before the test lets them. */
function heldFfmpeg(): { readonly env: NodeJS.ProcessEnv; readonly letGo: () => void } {
  const folder = temporaryFolder();
  const [path, go] = [join(folder, "ffmpeg"), join(folder, "go")];
  const held = `until [[ $1 == -version || -e '${go}' ]]; do sleep 0.05; done`;
  writeFileSync(path, `#!/bin/bash\n${held}\nexec '${findFfmpeg(process.env).ffmpeg}' "$@"\n`, { mode: 0o755 });
  return {
    env: { FFMPEG_PATH: path, BATCH_TASK_SLOTS_PER_NODE: "2" },
    letGo: () => writeFileSync(go, ""),
  };
}

test("convert runs a stack of its own where none runs, which another convert shares, and stops it", async ({
  expect,
}) => {
  const data = temporaryFolder();
  const out = temporaryFolder();
  const ffmpeg = heldFfmpeg();

  const first = startCli(["convert", "--data", data, "--out", out, "--json", SAMPLE], { env: ffmpeg.env });
  await expect.poll(() => existsSync(join(data, "stack.json"))).toBe(true);
  const second = startCli(["convert", "--data", data, "--out", temporaryFolder(), SILENT]);
  // It needs no ffmpeg to find that there is no sound.
  expect(await second.exit).toEqual({ code: 1, signal: null });
  ffmpeg.letGo();

  expect(await first.exit).toEqual({ code: 0, signal: null });
  expect([first, second].map((cli) => cli.stderr().includes("Starting a local stack"))).toEqual([true, false]);
  expect(first.stderr().match(/^Converting with ffmpeg \S+ \(\/.+\)$/gm)).toHaveLength(1);
  const { conversions } = JSON.parse(first.stdout()) as { conversions: ConversionRecord[] };
  expect(conversions).toMatchObject([{ status: "succeeded", output: { name: "sample.mp3" } }]);
  expect(existsSync(join(out, "sample.mp3"))).toBe(true);
  expect(existsSync(join(data, "stack.json"))).toBe(false);
});

test("Ctrl-C stops the stack with the conversion", async ({ expect }) => {
  const data = temporaryFolder();
  const { env } = heldFfmpeg();
  const cli = startCli(["convert", "--data", data, "--out", temporaryFolder(), SAMPLE], { env });
  await expect.poll(() => existsSync(join(data, "stack.json"))).toBe(true);

  cli.child.kill("SIGINT");

  expect(await cli.exit).toEqual({ code: 130, signal: null });
  expect(cli.stderr()).toContain("Stopping");
  expect(existsSync(join(data, "stack.lock"))).toBe(false);
});
