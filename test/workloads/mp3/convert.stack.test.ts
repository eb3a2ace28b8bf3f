import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseFile } from "music-metadata";
import { test } from "vitest";
import { findFfmpeg, linkFfmpeg } from "../../../src/local/stack/ffmpeg.ts";
import { parseReport } from "../../../src/results/taskReport.ts";
import { mp3 } from "../../../src/workloads/mp3/index.ts";
import type { Review, TaskReport } from "../../../src/workloads/workload.ts";
import { temporaryFolder } from "../../local/temporaryFolder.ts";

const MEDIA = resolve("test/fixtures/media");
const SCRIPT = resolve("src/workloads/mp3/convert.sh");
const tools = findFfmpeg(process.env);

interface TaskRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly report: TaskReport;
  readonly review: Review;
}

interface TaskFolder {
  readonly path: string;
  /** Makes the input by ffmpeg from generated sources. */
  make(...args: string[]): void;
  run(settings?: Readonly<Record<string, string>>): TaskRun;
}

/** A working directory as a Batch task has it. */
function taskFolder(): TaskFolder {
  const root = temporaryFolder();
  const path = join(root, "wd");
  const bin = join(root, "bin");
  mkdirSync(path);
  linkFfmpeg(bin, tools);
  return {
    path,
    make: (...args) => {
      const made = spawnSync(tools.ffmpeg, [
        "-v",
        "error",
        "-nostdin",
        "-y",
        ...args,
        "-f",
        "mp4",
        join(path, "input"),
      ]);
      if (made.status !== 0) throw new Error(made.stderr.toString());
    },
    run: (settings = {}) => {
      const env = { PATH: `${bin}:/usr/bin:/bin`, MP3_BITRATE_KBPS: "128", ...settings };
      const { status, stdout, stderr } = spawnSync("/bin/bash", [SCRIPT], { cwd: path, env, encoding: "utf8" });
      const report = parseReport(readFileSync(join(path, "report.json"), "utf8"));
      return { exitCode: status, stdout, stderr, report, review: mp3.review(report) };
    },
  };
}

function tone(seconds: number, ...more: string[]): string[] {
  return ["-f", "lavfi", "-i", `sine=440:d=${seconds}`, ...more, "-c:a", "aac"];
}

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
    tools: { ffmpeg: expect.stringMatching(/\d/) },
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
  expect(run.report).toMatchObject({ outcome: "NoAudioStream", resultBytes: null, result: null });
});

test.for([
  ["an empty file", ""],
  ["a text", "not a video"],
  ["a playlist", "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"],
  ["a list of files", "ffconcat version 1.0\nfile /etc/passwd\n"],
])("%s named .mp4 is UnreadableInput", ([, content = ""], { expect }) => {
  const folder = taskFolder();
  writeFileSync(join(folder.path, "input"), content);

  const run = folder.run();

  expect(run.exitCode).toBe(1);
  expect(run.report).toMatchObject({ outcome: "UnreadableInput", source: null, result: null });
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
