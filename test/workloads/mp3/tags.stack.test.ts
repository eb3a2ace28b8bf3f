import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IAudioMetadata } from "music-metadata";
import { parseFile } from "music-metadata";
import { afterAll, beforeAll, test } from "vitest";
import { temporaryFolder } from "../../local/temporaryFolder.ts";
import type { TaskFolder } from "./taskFolder.ts";
import { ffmpeg, taskFolder, tone } from "./taskFolder.ts";

const CHAPTERS = `;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=1000
title=Überblick – 1 😀
[CHAPTER]
TIMEBASE=1/1000
START=1000
END=3000
title=Rest
`;

const PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=1:d=1", "-frames:v", "1"];
let jpeg: string;
let png: string;
let chapters: string;

beforeAll(() => {
  const folder = temporaryFolder(afterAll);
  [jpeg, png, chapters] = [join(folder, "a.jpg"), join(folder, "b.png"), join(folder, "chapters.txt")];
  ffmpeg(...PICTURE, jpeg, ...PICTURE.slice(-2), png);
  writeFileSync(chapters, CHAPTERS);
});

/** Its sound is French, and it has two chapters, a picture and tags. */
function makeTalk({ path }: TaskFolder, ...more: string[]): void {
  const inputs = ["-f", "lavfi", "-i", "sine=440:d=3", "-i", chapters, "-i", jpeg, "-map", "0", "-map", "2"];
  const picture = ["-c:v", "copy", "-disposition:v", "attached_pic"];
  const tags = ["-map_chapters", "1", "-metadata:s:a", "language=fra", "-metadata", "date=2024-05-17"];
  ffmpeg(
    ...inputs,
    ...picture,
    ...tags,
    "-metadata",
    "title=A talk",
    "-c:a",
    "aac",
    ...more,
    "-f",
    "mp4",
    join(path, "input"),
  );
}

function readResult({ path }: TaskFolder): Promise<IAudioMetadata> {
  return parseFile(join(path, "result"), { includeChapters: true });
}

test("the picture, chapters, language and date of a video are in its MP3", async ({ expect }) => {
  const folder = taskFolder();
  makeTalk(folder);

  const { review } = folder.run();

  expect(review).toMatchObject({ output: { cover: "video", chapters: 2 }, problem: undefined });
  expect(review.output).not.toHaveProperty("notes");
  const { common, format, native } = await readResult(folder);
  expect(common).toMatchObject({ title: "A talk", year: 2024 });
  expect(common.picture).toEqual([
    expect.objectContaining({ format: "image/jpeg", type: "Cover (front)", data: new Uint8Array(readFileSync(jpeg)) }),
  ]);
  expect(format.chapters).toEqual([
    expect.objectContaining({ title: "Überblick – 1 😀", start: 0, end: 1 }),
    expect.objectContaining({ title: "Rest", start: 1, end: 3 }),
  ]);
  expect(native["ID3v2.3"]).toEqual(
    expect.arrayContaining([
      { id: "TLAN", value: "fra" },
      { id: "TYER", value: "2024" },
      { id: "TDAT", value: "1705" },
    ]),
  );
});

test("the record counts the chapters of the part that is converted", async ({ expect }) => {
  const folder = taskFolder();
  makeTalk(folder);

  const { review } = folder.run({ TRIM_START_SECONDS: "1.5" });

  expect((await readResult(folder)).format.chapters).toEqual([expect.objectContaining({ title: "Rest" })]);
  expect(review.output).toMatchObject({ chapters: 1 });
});

test("the file «cover» comes before the picture in the video, and does not stay on the node", async ({ expect }) => {
  const folder = taskFolder();
  makeTalk(folder);
  copyFileSync(png, join(folder.path, "cover"));

  const { review } = folder.run();

  expect(review.output).toMatchObject({ cover: "file" });
  expect((await readResult(folder)).common.picture).toEqual([
    expect.objectContaining({ format: "image/png", data: new Uint8Array(readFileSync(png)) }),
  ]);
  expect(() => readFileSync(join(folder.path, "cover"))).toThrow("ENOENT");
});

test.for<[string, (jpegBytes: Buffer, pngBytes: Buffer) => Buffer | string]>([
  ["an empty file", () => ""],
  ["a text", () => "no picture"],
  ["a JPEG that is cut off", (bytes) => bytes.subarray(0, bytes.length / 2)],
  ["a PNG that is cut off", (_, bytes) => bytes.subarray(0, bytes.length / 2)],
  ["a PNG with a damaged middle", (_, bytes) => Buffer.from(bytes).fill(0, 3000, 3500)],
  ["larger than 10 MiB", (bytes) => Buffer.concat([bytes, Buffer.alloc(10 * 1024 ** 2)])],
])("where «cover» is %s, the MP3 has no cover, and the record says so", async ([, change], { expect }) => {
  const folder = taskFolder();
  folder.make(...tone(0.5));
  writeFileSync(join(folder.path, "cover"), change(readFileSync(jpeg), readFileSync(png)));

  const { exitCode, review } = folder.run();

  expect(exitCode).toBe(0);
  expect(review).toMatchObject({
    output: { notes: ["The picture beside the video was left out: it is damaged, too large, or none"] },
    problem: undefined,
  });
  expect((await readResult(folder)).common.picture).toBeUndefined();
});

test("where «cover» is no picture, that in the video is the cover", async ({ expect }) => {
  const folder = taskFolder();
  makeTalk(folder);
  writeFileSync(join(folder.path, "cover"), "no picture");

  const { review } = folder.run();

  expect(review.output).toMatchObject({ cover: "video", notes: [expect.stringContaining("beside the video")] });
  expect((await readResult(folder)).common.picture).toHaveLength(1);
});

test("where the picture in the video is damaged, the MP3 has none, and the record says so", async ({ expect }) => {
  const folder = taskFolder();
  makeTalk(folder);
  const input = join(folder.path, "input");
  const [bytes, picture] = [readFileSync(input), readFileSync(jpeg)];
  const at = bytes.indexOf(picture);
  writeFileSync(input, bytes.fill(0, at + 20, at + picture.length));

  const { review } = folder.run();

  expect(review).toMatchObject({
    output: { chapters: 2, notes: ["The picture in the video was left out: it is damaged, too large, or none"] },
    problem: undefined,
  });
  expect((await readResult(folder)).common.picture).toBeUndefined();
});

test("chapters follow the part that is converted", async ({ expect }) => {
  const folder = taskFolder();
  makeTalk(folder);

  expect(folder.run({ TRIM_START_SECONDS: "0.5", TRIM_END_SECONDS: "2" }).review.problem).toBeUndefined();

  const { common, format } = await readResult(folder);
  expect(common.picture).toHaveLength(1);
  expect(format.chapters).toEqual([
    expect.objectContaining({ start: 0, end: 0.5 }),
    expect.objectContaining({ title: "Rest", start: 0.5, end: 1.5 }),
  ]);
});

test("more chapters than an MP3 can have are left out, and the record says so", async ({ expect }) => {
  const folder = taskFolder();
  const lines = Array.from(
    { length: 300 },
    (_, at) => `[CHAPTER]\nTIMEBASE=1/100\nSTART=${at}\nEND=${at + 1}\ntitle=${at}\n`,
  );
  writeFileSync(chapters, [";FFMETADATA1\n", ...lines].join(""));
  // Without the list of Nero, which cannot have more either.
  makeTalk(folder, "-movflags", "+disable_chpl");
  writeFileSync(chapters, CHAPTERS);

  expect(folder.run().review.output).toMatchObject({
    notes: ["The 300 chapters were left out: an MP3 has at most 255"],
  });
  expect((await readResult(folder)).format.chapters).toBeUndefined();
});
