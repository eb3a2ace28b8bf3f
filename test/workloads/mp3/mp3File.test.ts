import { test } from "vitest";
import type { Mp3File } from "../../../src/workloads/mp3/mp3File.ts";
import { readMp3 } from "../../../src/workloads/mp3/mp3File.ts";
import type { Encoding } from "../../../src/workloads/mp3/report.ts";

const ID3_BYTES = 45;
/** Of MPEG 1 with 44.1 kHz, one channel and 128 kbit/s. */
const HEADER = "fffb90c0";
const FRAME_BYTES = 417;

function frame(header = HEADER, bytes = FRAME_BYTES): Buffer {
  const made = Buffer.alloc(bytes, 0xaa);
  made.write(header, "hex");
  return made;
}

function index(frames: number, bytes: number, first = frame(), at = 21): Buffer {
  first.fill(0, 4).write("Info", at);
  for (const [place, value] of [15, frames, bytes].entries()) first.writeUInt32BE(value, at + 4 + 4 * place);
  return first;
}

/** A file as ffmpeg writes it: an ID3 tag, the index and so many frames. */
function file(frames = 1000): Buffer {
  const sound = Array.from({ length: frames }, () => frame());
  return Buffer.concat([Buffer.alloc(ID3_BYTES), index(frames, (frames + 1) * FRAME_BYTES), ...sound]);
}

function read(bytes: Buffer, encoding: Encoding | null = { packets: 1000, bytes: 1000 * FRAME_BYTES }): Mp3File {
  const firstBytes = bytes.toString("hex", ID3_BYTES, ID3_BYTES + 64);
  const edges = { id3Bytes: ID3_BYTES, firstBytes, lastBytes: bytes.subarray(-1441).toString("hex") };
  return readMp3(edges, bytes.length, encoding);
}

test("a whole file has no flaw, and lasts as long as its frames", ({ expect }) => {
  expect(read(file())).toEqual({
    durationSeconds: 26.122449,
    bitrateKbps: 128,
    sampleRateHz: 44_100,
    flaw: undefined,
  });
});

test.for([
  ["MPEG 1 with one channel", HEADER, 21, 44_100, 1152],
  ["MPEG 1 with two channels", "fffbb444", 36, 48_000, 1152],
  ["MPEG 2 with one channel", "fff380c4", 13, 22_050, 576],
  ["MPEG 2 with two channels", "fff38844", 21, 16_000, 576],
  ["MPEG 2.5 with one channel", "ffe388c4", 13, 8000, 576],
] as const)("the index of %s is found", ([, header, at, sampleRateHz, samples], { expect }) => {
  const found = read(Buffer.concat([Buffer.alloc(ID3_BYTES), index(1000, 1, frame(header), at)]));

  expect(found).toMatchObject({ sampleRateHz, durationSeconds: Math.round((samples * 1e9) / sampleRateHz) / 1e6 });
});

test.for<[string, (whole: Buffer) => Buffer, RegExp]>([
  ["cut off by a byte", (whole) => whole.subarray(0, -1), /has 417416 bytes of sound, but its index says 417417/],
  ["cut off by a frame", (whole) => whole.subarray(0, -FRAME_BYTES), /has 417000 bytes/],
  ["cut off by half", (whole) => whole.subarray(0, whole.length / 2), /bytes of sound, but its index says/],
  ["cut off within the index", (whole) => whole.subarray(0, ID3_BYTES + 30), /does not begin with an index/],
  ["without anything", () => Buffer.alloc(0), /does not begin with an index/],
  ["with more than ffmpeg wrote", (whole) => Buffer.concat([whole, frame()]), /has 417834 bytes/],
  ["whose end is zeros", (whole) => Buffer.from(whole).fill(0, whole.length - FRAME_BYTES), /last frame .* is damaged/],
  ["whose index was never written", (whole) => Buffer.from(whole).fill(0, ID3_BYTES + 4, 462), /an index/],
  ["of another conversion", () => file(999), /ffmpeg wrote 1000 frames, but the index of the MP3 says 999/],
])("a file %s is found out", ([, change, flaw], { expect }) => {
  expect(read(change(file())).flaw).toMatch(flaw);
});

test("a file of another bitrate is found out", ({ expect }) => {
  expect(read(file(), { packets: 1000, bytes: 626_000 }).flaw).toBe(
    "ffmpeg wrote 626000 bytes of sound, but the MP3 has 417000",
  );
});

test("where ffmpeg did not say what it wrote, the index alone counts", ({ expect }) => {
  expect(read(file(), { packets: null, bytes: null }).flaw).toBeUndefined();
  expect(read(file(), null).flaw).toBeUndefined();
  expect(read(file().subarray(0, -1), null).flaw).toBeDefined();
});
