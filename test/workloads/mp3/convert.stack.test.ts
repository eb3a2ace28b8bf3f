import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parseFile } from "music-metadata";
import { afterAll, beforeAll, describe, test } from "vitest";
import { parseReport } from "../../../src/results/taskReport.ts";
import type { Mp3Report } from "../../../src/workloads/mp3/report.ts";
import { makeSample } from "../../trials/badMedia/run.ts";
import { MEDIA, SCRIPT, replaceResult, taskFolder, tone } from "./taskFolder.ts";

test("a video with sound becomes an MP3 with its duration and tags", async ({ expect }) => {
  const folder = taskFolder();
  copyFileSync(join(MEDIA, "sample.mp4"), join(folder.path, "input"));

  const run = folder.run();

  expect(run.exitCode).toBe(0);
  expect(run.stdout).toMatch(/(percent=\d+\n)*percent=100\n$/);
  expect(run.report).toMatchObject({ outcome: "Converted", resultBytes: statSync(join(folder.path, "result")).size });
  expect(run.review).toMatchObject({
    input: { durationSeconds: 3, audioStream: { index: 1, codec: "aac", channels: 1, sampleRateHz: 44_100 } },
    output: { bitrateKbps: expect.closeTo(128, -1) },
    tools: { ffmpeg: expect.stringMatching(/\d/), ffprobe: expect.stringMatching(/\d/) },
    problem: undefined,
  });
  const { format, common } = await parseFile(join(folder.path, "result"), { duration: true });
  expect(format).toMatchObject({ container: "MPEG", codec: "MPEG 1 Layer 3", duration: expect.closeTo(3, 0) });
  expect(common).toMatchObject({ title: 'Tëst "tone" = 440', artist: "mp3drop", album: "Fixtures" });
});

test("a video without sound is NoAudioStream", ({ expect }) => {
  const folder = taskFolder();
  copyFileSync(join(MEDIA, "silent-film.mp4"), join(folder.path, "input"));

  const run = folder.run();

  expect(run.exitCode).toBe(1);
  expect(run.report).toMatchObject({ outcome: "NoAudioStream", resultBytes: null, resultEdges: null });
});

test.for([
  ["an empty file", ""],
  ["a playlist", "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"],
])("%s named .mp4 is UnreadableInput", ([, content = ""], { expect }) => {
  const folder = taskFolder();
  writeFileSync(join(folder.path, "input"), content);

  const run = folder.run();

  expect(run.exitCode).toBe(1);
  expect(run.report).toMatchObject({ outcome: "UnreadableInput", source: null, resultEdges: null });
  expect(run.review.tools).toEqual({ ffprobe: expect.stringMatching(/\d/) });
  expect(run.stderr).toContain("Invalid data found");
});

test("the stream that is marked as default is converted, not just the first", ({ expect }) => {
  const folder = taskFolder();
  const first = ["-map", "0:a", "-disposition:a:0", "0"];
  const second = ["-map", "1:a", "-disposition:a:1", "default", "-metadata:s:a:1", "language=fra"];
  folder.make(...tone(1, "-f", "lavfi", "-i", "sine=880:d=2", ...first, ...second));

  const { review } = folder.run();

  expect(review.input).toEqual({
    durationSeconds: 2,
    audioStream: { index: 1, codec: "aac", language: "fra", channels: 1, sampleRateHz: 44_100 },
  });
});

test.for([
  ["fra", 2],
  ["eng", 1],
  ["deu", 0],
  ["", 0],
] as const)(
  "where several streams are marked as default, the language «%s» chooses stream %d",
  ([language, index], { expect }) => {
    const folder = taskFolder();
    const allMarked = ["-map", "0:a", "-map", "1:a", "-map", "0:a", "-disposition:a", "default"];
    const languages = ["-metadata:s:a:1", "language=eng", "-metadata:s:a:2", "language=fra"];
    folder.make(...tone(1, "-f", "lavfi", "-i", "sine=880:d=1", ...allMarked, ...languages));

    const { review } = folder.run({ AUDIO_LANGUAGE: language });

    expect(review.input).toMatchObject({ audioStream: { index } });
  },
);

test("six channels become two", async ({ expect }) => {
  const folder = taskFolder();
  folder.make(...tone(1, "-ac", "6"));

  expect(folder.run().exitCode).toBe(0);
  expect((await parseFile(join(folder.path, "result"))).format.numberOfChannels).toBe(2);
});

test("tags keep their quotes, emoji, line breaks, equals signs and what a shell would run", async ({ expect }) => {
  const folder = taskFolder();
  const title = `"it's" = 😀;\nsecond line $(touch pwned) \\ #`;
  folder.make(...tone(1, "-metadata", `title=${title}`, "-metadata", "artist=a=b"));

  expect(folder.run().exitCode).toBe(0);
  const { common } = await parseFile(join(folder.path, "result"));
  expect([common.title, common.artist]).toEqual([title, "a=b"]);
  expect(existsSync(join(folder.path, "pwned"))).toBe(false);
});

test("sound of a twentieth of a second is converted", ({ expect }) => {
  const folder = taskFolder();
  folder.make(...tone(0.05));

  expect(folder.run().report.outcome).toBe("Converted");
});

test("the progress of a recording without its beginning ends at 100 percent", ({ expect }) => {
  const folder = taskFolder();
  makeSample("joined from the middle", join(folder.path, "input"));

  const run = folder.run();

  expect(run.stdout).toMatch(/percent=100\n$/);
  expect(run.report).toMatchObject({ decoding: { packets: 517, frames: 517, isCutOff: false } });
});

test.for([
  ["cut off, index at the start", true, 0, 0],
  ["joined, end cut off", true, 0, 0],
  ["joined without one fragment", false, 4, 0],
  ["joined twice", false, 0, 16],
] as const)(
  "what ffmpeg's log says of the file «%s» is in the report",
  ([name, isCutOff, filledSeconds, droppedSeconds], { expect }) => {
    const folder = taskFolder();
    makeSample(name, join(folder.path, "input"));

    const { outcome, decoding } = folder.run().report as Mp3Report;

    const seconds = (samples = 0): number => Math.round(samples / 44_100);
    expect(outcome).toBe("Converted");
    expect(decoding?.isCutOff).toBe(isCutOff);
    expect(seconds(decoding?.filledSamples)).toBe(filledSeconds);
    expect(seconds(decoding?.droppedSamples)).toBe(droppedSeconds);
  },
);

test("tags that read like messages of ffmpeg are only tags", ({ expect }) => {
  const folder = taskFolder();
  const message = "[error] stream 1, offset 0x2e: partial file";
  folder.make(
    ...tone(1, "-metadata", `title=[error] No space left on device\n${message}`, "-metadata", `album=${message}`),
  );

  expect(folder.run().report).toMatchObject({ outcome: "Converted", decoding: { isCutOff: false } });
});

test("the log has what ffmpeg says to people, as it says it", ({ expect }) => {
  const folder = taskFolder();
  folder.make(...tone(1));

  const { stderr } = folder.run();

  expect(stderr).toMatch(/^Input #0, mov/m);
  expect(stderr).not.toMatch(/\[(info|verbose)\]/);
});

// The device takes nothing, while the disk, looked at afterwards, has room: as if others had made it.
test.skipIf(!existsSync("/dev/full")).for([0.1, 10])(
  "a disk that was full when ffmpeg wrote %d s of sound is DiskFull",
  (seconds, { expect }) => {
    const folder = taskFolder();
    folder.make(...tone(seconds));
    symlinkSync("/dev/full", join(folder.path, "result.part"));

    const run = folder.run();

    expect(run).toMatchObject({ exitCode: 1, report: { outcome: "DiskFull", resultBytes: null } });
    expect(run.stderr).toContain("No space left on device");
    expect(existsSync(join(folder.path, "result"))).toBe(false);
  },
);

const MOUNT = ["--user", "--map-root-user", "--mount", "bash", "-euc"];
const canMount = spawnSync("unshare", [...MOUNT, "mount -t tmpfs none /mnt"]).status === 0;

test.skipIf(!canMount)(
  "a disk without room for the last page of the MP3, nor for a report, is DiskFull",
  ({ expect }) => {
    const folder = taskFolder();
    folder.make(...tone(5));
    const input = join(folder.path, "..", "input");
    copyFileSync(join(folder.path, "input"), input);
    const pages = (bytes: number): number => Math.ceil(bytes / 4096);
    const { resultBytes } = folder.run().report;
    const kib = 4 * (pages(statSync(input).size) + pages(resultBytes ?? 0) - 1);

    const command = `mount -t tmpfs -o size=${kib}k none wd; cp input wd; cd wd; /bin/bash ${SCRIPT} || true; cat report.json >&3`;
    const env = { PATH: `${folder.bin}:/usr/sbin:/usr/bin:/sbin:/bin`, MP3_BITRATE_KBPS: "128" };
    const { output } = spawnSync("unshare", [...MOUNT, command], {
      cwd: join(folder.path, ".."),
      env,
      stdio: ["ignore", "ignore", "ignore", "pipe"],
      encoding: "utf8",
    });

    expect(parseReport(output[3] ?? "")).toMatchObject({ outcome: "DiskFull", resultBytes: null });
  },
);

describe("when ffmpeg has ended", () => {
  let video: Buffer;
  /** Its MP3. */
  let whole: Buffer;

  beforeAll(() => {
    const folder = taskFolder(afterAll);
    folder.make(...tone(2));
    video = readFileSync(join(folder.path, "input"));
    folder.run();
    whole = readFileSync(join(folder.path, "result"));
  });

  test.for<[string, (mp3: Buffer) => Buffer, RegExp | undefined]>([
    ["as it was", (mp3) => mp3, undefined],
    ["cut off by a frame", (mp3) => mp3.subarray(0, -418), /bytes of sound, but its index says/],
    ["cut off by half", (mp3) => mp3.subarray(0, mp3.length / 2), /bytes of sound, but its index says/],
    ["empty", () => Buffer.alloc(0), /does not begin with an index/],
    ["doubled", (mp3) => Buffer.concat([mp3, mp3]), /bytes of sound, but its index says/],
    ["ending in zeros", (mp3) => Buffer.from(mp3).fill(0, mp3.length - 800), /The last frame .* is damaged/],
    ["beginning with zeros", (mp3) => Buffer.from(mp3).fill(0, 0, 800), /does not begin with an index/],
    ["another file", () => readFileSync(join(MEDIA, "sample.mp4")), /does not begin with an index/],
  ])("an MP3 that is %s is judged by its bytes", ([, change, flaw], { expect }) => {
    const folder = taskFolder();
    writeFileSync(join(folder.path, "input"), video);
    replaceResult(folder, change(whole));

    const { problem } = folder.run().review;

    if (flaw === undefined) return expect(problem).toBeUndefined();
    return expect(problem).toEqual({ code: "FfmpegFailed", message: expect.stringMatching(flaw) });
  });
});

test("the MP3 of another video is not taken for that of this one", ({ expect }) => {
  const folder = taskFolder();
  folder.make(...tone(1.9));
  folder.run();
  const other = readFileSync(join(folder.path, "result"));
  folder.make(...tone(2));
  replaceResult(folder, other);

  expect(folder.run().review.problem?.message).toMatch(/^ffmpeg wrote 7\d frames, but the index of the MP3 says 7\d$/);
});

test.for(["ffmpeg", "ffprobe"])("a video whose %s was killed is not to blame", (tool, { expect }) => {
  const folder = taskFolder();
  folder.make(...tone(1));
  rmSync(join(folder.bin, tool));
  writeFileSync(join(folder.bin, tool), "#!/bin/sh\nkill -9 $$\n", { mode: 0o755 });

  expect(folder.run()).toMatchObject({ exitCode: 1, report: { outcome: "Interrupted", resultBytes: null } });
});

test("a node without ffmpeg is NodeUnfit", ({ expect }) => {
  const folder = taskFolder();
  copyFileSync(join(MEDIA, "sample.mp4"), join(folder.path, "input"));
  const bare = join(folder.path, "bare");
  mkdirSync(bare);

  const run = folder.run({ PATH: bare });

  expect(run.exitCode).toBe(1);
  expect(run.report.outcome).toBe("NodeUnfit");
});

test("the input does not stay on the node", ({ expect }) => {
  const folder = taskFolder();
  copyFileSync(join(MEDIA, "sample.mp4"), join(folder.path, "input"));

  folder.run();

  expect(existsSync(join(folder.path, "input"))).toBe(false);
});
