import { appendFileSync, copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

/** How a file is made: by ffmpeg, by hand, or by ffmpeg and then changed by hand. */
export interface Sample {
  /** Without the suffix `.mp4`. */
  readonly name: string;
  readonly expected: Expectation;
  /** Arguments of ffmpeg before the output's name. */
  readonly ffmpeg?: readonly string[];
  /** For files whose format is not that of their suffix. */
  readonly format?: string;
  /** Takes a minute or so. */
  readonly isLong?: boolean;
  /** Changes the file that ffmpeg has made, or writes one. */
  readonly change?: (path: string) => void;
}

export interface Expectation {
  readonly outcome: string;
  readonly durationSeconds?: number;
  readonly streamIndex?: number;
  readonly channels?: number;
}

const good = (durationSeconds: number, more: Partial<Expectation> = {}): Expectation => ({
  outcome: "succeeded",
  durationSeconds,
  ...more,
});
const bad = (outcome: string): Expectation => ({ outcome });

const tone = (seconds: number, frequency = 440): string[] => ["-f", "lavfi", "-i", `sine=${frequency}:d=${seconds}`];
/** Quick to make and to convert, for files that must be long. */
const silence = (seconds: number): string[] => [
  "-f",
  "lavfi",
  "-i",
  "anullsrc=r=8000:cl=mono",
  "-t",
  String(seconds),
  "-c:a",
  "aac",
  "-b:a",
  "8k",
];
const film = (seconds: number): string[] => ["-f", "lavfi", "-i", `testsrc2=s=64x48:r=10:d=${seconds}`];
const aac = ["-c:a", "aac", "-b:a", "64k"];
const both = (seconds: number, ...more: string[]): string[] => [
  ...film(seconds),
  ...tone(seconds),
  "-c:v",
  "mpeg4",
  ...aac,
  ...more,
];

/** Overwrites a part of the file, given as shares of its length. */
function damage(path: string, from: number, to: number, byte: number): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(byte, Math.floor(bytes.length * from), Math.floor(bytes.length * to)));
}

function cut(path: string, share: number): void {
  truncateSync(path, Math.floor(readFileSync(path).length * share));
}

/** The durations in the headers of all tracks become 0, as some recorders leave them. */
function forgetDurations(path: string): void {
  const bytes = readFileSync(path);
  // https://developer.apple.com/documentation/quicktime-file-format/media_header_atom: the duration of version 0.
  for (let at = bytes.indexOf("mdhd"); at !== -1; at = bytes.indexOf("mdhd", at + 1)) bytes.writeUInt32BE(0, at + 20);
  writeFileSync(path, bytes);
}

/** Sound and picture in fragments of four seconds, as a site streams them, joined as people join them: by `cat`. */
function joined(source: readonly string[], choose = (fragments: readonly string[]) => fragments): Fragments {
  const options = ["-hls_time", "4", "-hls_list_size", "0", "-hls_segment_type", "fmp4"];
  return {
    format: "hls",
    ffmpeg: [...source, "-g", "40", ...options, "-hls_fmp4_init_filename", "init.m4s"],
    change: (path) => {
      const files = readFileSync(path, "utf8").match(/[^"\n]+[.]m4s/g) ?? [];
      const [init = "", ...fragments] = files.map((file) => join(dirname(path), file));
      writeFileSync(path, Buffer.concat([init, ...choose(fragments)].map((file) => readFileSync(file))));
      for (const file of [init, ...fragments]) rmSync(file);
    },
  };
}
type Fragments = Required<Pick<Sample, "format" | "ffmpeg" | "change">>;

function cutOff(sample: Fragments, share: number): Fragments {
  return {
    ...sample,
    change: (path) => {
      sample.change(path);
      cut(path, share);
    },
  };
}

function text(content: string): Pick<Sample, "change"> {
  return { change: (path) => writeFileSync(path, content) };
}

/** Two streams in one file. */
const two = (...options: string[]): string[] => [
  ...tone(1),
  ...tone(2, 880),
  "-map",
  "0:a",
  "-map",
  "1:a",
  ...aac,
  ...options,
];

export const CORPUS: readonly Sample[] = [
  { name: "film with sound", expected: good(2), ffmpeg: both(2) },
  { name: "index at the start", expected: good(2), ffmpeg: both(2, "-movflags", "+faststart") },
  { name: "fragmented", expected: good(2), ffmpeg: both(2, "-movflags", "+frag_keyframe+empty_moov") },
  { name: "sound only", expected: good(1), ffmpeg: [...tone(1), ...aac] },
  { name: "a twentieth of a second", expected: good(0.05), ffmpeg: [...tone(0.05), ...aac] },
  { name: "ten minutes", expected: good(600), ffmpeg: silence(600) },
  { name: "8 kHz", expected: good(1), ffmpeg: [...tone(1), ...aac, "-ar", "8000"] },
  { name: "16 kHz", expected: good(1), ffmpeg: [...tone(1), ...aac, "-ar", "16000"] },
  { name: "96 kHz", expected: good(1), ffmpeg: [...tone(1), ...aac, "-ar", "96000"] },
  { name: "stereo", expected: good(1, { channels: 2 }), ffmpeg: [...tone(1), ...aac, "-ac", "2"] },
  { name: "six channels", expected: good(1, { channels: 6 }), ffmpeg: [...tone(1), ...aac, "-ac", "6"] },
  { name: "eight channels", expected: good(1, { channels: 8 }), ffmpeg: [...tone(1), ...aac, "-ac", "8"] },
  { name: "AC-3", expected: good(1), ffmpeg: [...tone(1), "-c:a", "ac3"] },
  { name: "ALAC", expected: good(1), ffmpeg: [...tone(1), "-c:a", "alac"], format: "ipod" },
  { name: "MP2", expected: good(1), ffmpeg: [...tone(1), "-c:a", "mp2"] },
  { name: "MP3", expected: good(1), ffmpeg: [...tone(1), "-c:a", "libmp3lame"] },
  { name: "FLAC", expected: good(1), ffmpeg: [...tone(1), "-c:a", "flac", "-strict", "-2"] },
  { name: "PCM of QuickTime", expected: good(1), ffmpeg: [...tone(1), "-c:a", "pcm_s16be"], format: "mov" },
  { name: "3GP", expected: good(1), ffmpeg: [...tone(1), ...aac], format: "3gp" },
  { name: "M4A", expected: good(1), ffmpeg: [...tone(1), ...aac], format: "ipod" },
  {
    name: "default is second",
    expected: good(2, { streamIndex: 1 }),
    ffmpeg: two("-disposition:a:0", "0", "-disposition:a:1", "default"),
  },
  {
    name: "default is first",
    expected: good(1, { streamIndex: 0 }),
    ffmpeg: two("-disposition:a:0", "default", "-disposition:a:1", "0"),
  },
  { name: "both are default", expected: good(1, { streamIndex: 0 }), ffmpeg: two("-disposition:a", "default") },
  { name: "sound longer than film", expected: good(3), ffmpeg: [...film(1), ...tone(3), "-c:v", "mpeg4", ...aac] },
  { name: "film longer than sound", expected: good(1), ffmpeg: [...film(3), ...tone(1), "-c:v", "mpeg4", ...aac] },
  {
    name: "sound begins late",
    expected: good(1),
    ffmpeg: [...film(3), "-itsoffset", "1.5", ...tone(1), "-c:v", "mpeg4", ...aac],
  },
  {
    name: "odd tags",
    expected: good(1),
    ffmpeg: [...tone(1), ...aac, "-metadata", `title="it's" = $(id) 😀;\n[x]\\`, "-metadata", "artist=a=b;#c"],
  },
  {
    name: "endless tag",
    expected: good(1),
    ffmpeg: [...tone(1), ...aac, "-metadata", `comment=${"x".repeat(60_000)}`],
  },
  {
    name: "sound that pauses",
    expected: good(7),
    ffmpeg: [...tone(2), "-af", "asetpts='PTS+if(gt(N,20),5/TB,0)'", ...aac],
  },
  {
    name: "three hours",
    expected: good(10_800),
    ffmpeg: silence(10_800),
    isLong: true,
  },
  { name: "chapters", expected: good(2), ffmpeg: [...both(2), "-metadata", "title=with chapters"] },
  {
    name: "trailing bytes",
    expected: good(2),
    ffmpeg: both(2),
    change: (path) => appendFileSync(path, Buffer.alloc(5000, 7)),
  },

  { name: "joined fragments", expected: good(20), ...joined(both(20)) },
  {
    name: "joined from the middle",
    expected: good(12),
    ...joined(both(20), (fragments) => fragments.slice(2)),
  },
  {
    name: "joined without one fragment",
    expected: good(20),
    ...joined(both(20), (fragments) => fragments.filter((_, index) => index !== 2)),
  },
  {
    name: "joined an hour into a stream",
    expected: good(20),
    ...joined(both(20, "-output_ts_offset", "3600")),
  },
  {
    name: "fragments with indexes",
    expected: good(20),
    ffmpeg: both(20, "-g", "40", "-movflags", "+dash+frag_keyframe+empty_moov"),
  },
  { name: "fragments after an index", expected: good(20), ffmpeg: both(20, "-g", "40", "-movflags", "+frag_keyframe") },
  { name: "no durations", expected: good(2), ffmpeg: both(2), change: forgetDurations },
  {
    name: "a damaged moment",
    expected: good(20),
    ffmpeg: [...tone(20), ...aac],
    change: (path) => damage(path, 0.5, 0.501, 0),
  },

  { name: "no time at all", expected: bad("NoAudioStream"), ffmpeg: [...tone(1), "-t", "0", ...aac] },
  { name: "no sound", expected: bad("NoAudioStream"), ffmpeg: [...film(1), "-c:v", "mpeg4", "-an"] },
  {
    name: "cut off, index at the start",
    expected: bad("OutputMismatch"),
    ffmpeg: [...both(20), "-movflags", "+faststart"],
    change: (path) => cut(path, 0.5),
  },
  {
    name: "cut off, index at the end",
    expected: bad("UnreadableInput"),
    ffmpeg: both(5),
    change: (path) => cut(path, 0.5),
  },
  {
    name: "cut off, no durations",
    expected: bad("OutputMismatch"),
    ffmpeg: both(20, "-movflags", "+faststart"),
    change: (path) => {
      forgetDurations(path);
      cut(path, 0.5);
    },
  },
  {
    name: "fragmented, cut off",
    expected: bad("OutputMismatch"),
    ffmpeg: both(20, "-g", "20", "-movflags", "+frag_keyframe+empty_moov"),
    change: (path) => cut(path, 0.5),
  },
  {
    name: "fragments after an index, cut off",
    expected: bad("OutputMismatch"),
    ffmpeg: both(20, "-g", "20", "-movflags", "+frag_keyframe"),
    change: (path) => cut(path, 0.5),
  },
  { name: "joined, cut off", expected: bad("OutputMismatch"), ...cutOff(joined(both(20)), 0.5) },
  { name: "joined, end cut off", expected: bad("OutputMismatch"), ...cutOff(joined(both(20)), 0.99) },
  {
    name: "joined from the middle, cut off",
    expected: bad("OutputMismatch"),
    ...cutOff(
      joined(both(20), (fragments) => fragments.slice(2)),
      0.9,
    ),
  },
  {
    name: "half an hour, joined, cut off",
    expected: bad("OutputMismatch"),
    // In the middle of a packet, whatever the version of ffmpeg that made it.
    ...cutOff(
      joined(silence(1800), (fragments) => fragments.slice(0, 270)),
      0.99998,
    ),
  },
  {
    name: "joined twice",
    expected: bad("OutputMismatch"),
    ...joined(both(20), (fragments) => [...fragments, ...fragments]),
  },
  {
    name: "damaged in the middle",
    expected: bad("OutputMismatch"),
    ffmpeg: both(20, "-movflags", "+faststart"),
    change: (path) => damage(path, 0.4, 0.6, 0),
  },
  {
    name: "index overwritten",
    expected: bad("UnreadableInput"),
    ffmpeg: both(2),
    change: (path) => damage(path, 0.8, 1, 0),
  },
  {
    name: "only the first bytes",
    expected: bad("UnreadableInput"),
    ffmpeg: both(2),
    change: (path) => truncateSync(path, 32),
  },
  { name: "empty", expected: bad("UnreadableInput"), ...text("") },
  { name: "one byte", expected: bad("UnreadableInput"), ...text("x") },
  { name: "text", expected: bad("UnreadableInput"), ...text("This is no video.\n") },
  { name: "zeros", expected: bad("UnreadableInput"), change: (path) => writeFileSync(path, Buffer.alloc(100_000)) },
  { name: "web page", expected: bad("UnreadableInput"), ...text("<!doctype html><title>404</title>") },
  {
    name: "archive",
    expected: bad("UnreadableInput"),
    change: (path) => writeFileSync(path, gzipSync(Buffer.alloc(10_000, 1))),
  },
  {
    name: "playlist of local files",
    expected: bad("UnreadableInput"),
    ...text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
  },
  {
    name: "playlist of addresses",
    expected: bad("UnreadableInput"),
    ...text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n"),
  },
  { name: "list of files", expected: bad("UnreadableInput"), ...text("ffconcat version 1.0\nfile /etc/passwd\n") },
  {
    name: "manifest",
    expected: bad("UnreadableInput"),
    ...text('<?xml version="1.0"?><MPD><BaseURL>http://127.0.0.1:9/</BaseURL></MPD>'),
  },
  {
    name: "session description",
    expected: bad("UnreadableInput"),
    ...text("v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n"),
  },
  { name: "Matroska", expected: bad("UnreadableInput"), ffmpeg: both(1), format: "matroska" },
  { name: "AVI", expected: bad("UnreadableInput"), ffmpeg: both(1), format: "avi" },
  { name: "bare MP3", expected: bad("UnreadableInput"), ffmpeg: [...tone(1), "-c:a", "libmp3lame"], format: "mp3" },
  { name: "WAV", expected: bad("UnreadableInput"), ffmpeg: tone(1), format: "wav" },
  { name: "program", expected: bad("UnreadableInput"), change: (path) => copyFileSync("/bin/ls", path) },
];
