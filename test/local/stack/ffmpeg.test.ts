import { chmodSync, mkdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { checkFfmpeg, describeFfmpeg, findFfmpeg, linkFfmpeg } from "../../../src/local/stack/ffmpeg.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const nothingPackaged = () => undefined;

function program(path: string, script = ""): string {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

test("FFMPEG_PATH and FFPROBE_PATH win over PATH", ({ expect }) => {
  const folder = temporaryFolder();
  program(join(folder, "ffmpeg"));
  program(join(folder, "ffprobe"));
  const own = { ffmpeg: program(join(folder, "my-ffmpeg")), ffprobe: program(join(folder, "my-ffprobe")) };

  const env = { PATH: folder, FFMPEG_PATH: own.ffmpeg, FFPROBE_PATH: own.ffprobe };

  expect(findFfmpeg(env, nothingPackaged)).toEqual(own);
});

test("PATH wins over the packaged ones, for each tool by itself", ({ expect }) => {
  const folder = temporaryFolder();
  const onPath = program(join(folder, "ffmpeg"));
  const packaged = program(join(folder, "packaged-ffprobe"));

  expect(findFfmpeg({ PATH: `/nowhere:${folder}` }, () => packaged)).toEqual({ ffmpeg: onPath, ffprobe: packaged });
});

test("a folder on PATH that is called ffmpeg is passed over", ({ expect }) => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "ffmpeg"));
  const packaged = program(join(folder, "packaged"));

  expect(findFfmpeg({ PATH: folder }, () => packaged).ffmpeg).toBe(packaged);
});

test("the packaged tools are found on this platform", ({ expect }) => {
  const { ffmpeg, ffprobe } = findFfmpeg({ PATH: "" });

  expect([ffmpeg, ffprobe]).toEqual([expect.stringMatching(/ffmpeg/), expect.stringMatching(/ffprobe/)]);
});

test("a setting that names no program is refused with its name and value", ({ expect }) => {
  expect(() => findFfmpeg({ PATH: "", FFPROBE_PATH: "/nowhere/ffprobe" })).toThrow(
    expect.objectContaining({ code: "FfmpegMissing", message: "FFPROBE_PATH names no program: /nowhere/ffprobe" }),
  );
});

test("without any ffmpeg the error says how to get one", ({ expect }) => {
  expect(() => findFfmpeg({ PATH: "" }, nothingPackaged)).toThrow(
    expect.objectContaining({ code: "FfmpegMissing", hint: expect.stringContaining("FFMPEG_PATH") }),
  );
});

test("the tools get their plain names in the folder for tasks, again at each start", ({ expect }) => {
  const folder = temporaryFolder();
  const bin = join(folder, "bin");
  linkFfmpeg(bin, { ffmpeg: "/old/ffmpeg-4", ffprobe: "/old/ffprobe-4" });
  linkFfmpeg(bin, { ffmpeg: "/new/ffmpeg-7", ffprobe: "/new/ffprobe-7" });

  expect([readlinkSync(join(bin, "ffmpeg")), readlinkSync(join(bin, "ffprobe"))]).toEqual([
    "/new/ffmpeg-7",
    "/new/ffprobe-7",
  ]);
});

test("the tools that are found here work, and say their versions", async ({ expect }) => {
  await expect(checkFfmpeg(findFfmpeg(process.env))).resolves.toEqual([
    expect.stringMatching(/^ffmpeg version \S+$/),
    expect.stringMatching(/^ffprobe version \S+$/),
  ]);
});

test("a user's own ffmpeg is described by its version and its path, and nothing is said against it", ({ expect }) => {
  const own = { ffmpeg: "/usr/bin/ffmpeg", ffprobe: "/usr/bin/ffprobe" };

  expect(describeFfmpeg(own, ["ffmpeg version 7.1", "ffprobe version 7.1"])).toEqual({
    description: "ffmpeg 7.1 (/usr/bin/ffmpeg)",
    advice: undefined,
  });
});

test("the packaged ffmpeg is said to be old, and how to get another", ({ expect }) => {
  const { advice } = describeFfmpeg(findFfmpeg({ PATH: "" }), ["ffmpeg version N-47683", "ffprobe version N-66595"]);

  expect(advice).toMatch(
    /is from 2018: it takes 2\.5 times as long .* no security fixes\. Install one \(.*install ffmpeg/,
  );
});

test.for([
  ["fails", "exit 3", "ended with exit code 3"],
  ["says nothing", "", "did not say its version"],
  ["is another program", "echo bash version 5", "did not say its version"],
  ["dies", "kill -9 $$", "was ended by SIGKILL"],
])("an ffmpeg that %s is refused at the start, with what to do", async ([, script, how], { expect }) => {
  const folder = temporaryFolder();
  const working = program(join(folder, "ffprobe"), "echo ffprobe version 7");
  const broken = program(join(folder, "ffmpeg"), script);

  await expect(checkFfmpeg({ ffmpeg: broken, ffprobe: working })).rejects.toMatchObject({
    code: "FfmpegBroken",
    message: `${broken} is not a working ffmpeg: asked for -version, it ${how}`,
    hint: expect.stringContaining("FFMPEG_PATH"),
  });
});

test("an ffprobe that cannot be run at all is refused by its name", async ({ expect }) => {
  const folder = temporaryFolder();
  const working = program(join(folder, "ffmpeg"), "echo ffmpeg version 7");
  const broken = program(join(folder, "ffprobe"));
  writeFileSync(broken, "#!/nowhere\n");

  await expect(checkFfmpeg({ ffmpeg: working, ffprobe: broken })).rejects.toMatchObject({
    message: expect.stringContaining(`${broken} is not a working ffprobe: asked for -version, it could not be run (`),
    hint: expect.stringContaining("FFPROBE_PATH"),
  });
});
