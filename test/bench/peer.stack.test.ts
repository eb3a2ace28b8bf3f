import { copyFileSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { systemClock } from "../../src/local/batchEmulator/index.ts";
import { findFfmpeg, linkFfmpeg } from "../../src/local/stack/ffmpeg.ts";
import { useAzuriteBlobs } from "../local/batchEmulator/azuriteBlobs.ts";
import { addPoolAndJob, startFixture } from "../local/batchEmulator/emulator.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { convertAsTutorial } from "./peer.ts";

const SAMPLE = join(import.meta.dirname, "..", "fixtures", "media", "sample.mp4");
const createContainer = useAzuriteBlobs();

test("a program as in the tutorial has all videos of a folder converted", async ({ expect }) => {
  const [videos, out, bin] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  for (const name of ["first.mp4", "second.mp4"]) copyFileSync(SAMPLE, join(videos, name));
  linkFfmpeg(bin, findFfmpeg(process.env));
  const { connectionString } = await createContainer("any");
  const { client, emulator } = await startFixture({ clock: systemClock(), nodeBinFolders: [bin] });
  await addPoolAndJob(client);

  const containers = { inputContainer: "peer-input", outputContainer: "peer-output" };
  const account = { connectionString, batch: emulator };
  await convertAsTutorial({ ...account, poolId: "pool", jobId: "peer", ...containers, videos, out }, 50);

  const results = ["first.mp3", "second.mp3"].map((name) => readFileSync(join(out, name)));
  expect(results.map((mp3) => mp3.subarray(0, 3).toString())).toEqual(["ID3", "ID3"]);
  expect(statSync(join(out, "first.mp3")).size).toBeGreaterThan(10_000);
});
