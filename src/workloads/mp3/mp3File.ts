import type { Encoding, Mp3Edges } from "./report.ts";

/** What an MP3 that ffmpeg has written says of itself. */
export interface Mp3File {
  readonly durationSeconds: number;
  readonly bitrateKbps: number;
  readonly sampleRateHz: number;
  /** Set where the file is not what ffmpeg wrote: cut off, overwritten, never finished. */
  readonly flaw: string | undefined;
}

/**
 * Reads a file by its edges. The first frame is ffmpeg's index: ffmpeg writes into it, last of all, how many frames and
 * bytes there are. So a file of that size, whose last frame is whole, is complete.
 */
export function readMp3(edges: Mp3Edges, fileBytes: number, encoding: Encoding | null): Mp3File {
  const first = Buffer.from(edges.firstBytes, "hex");
  const header = readHeader(first, 0);
  const index = header && readIndex(first, header);
  if (!header || !index) {
    const flaw = "The MP3 does not begin with an index of its frames";
    return { durationSeconds: 0, bitrateKbps: 0, sampleRateHz: 0, flaw };
  }
  const seconds = (index.frames * header.samples) / header.sampleRateHz;
  return {
    durationSeconds: Math.round(seconds * 1e6) / 1e6,
    bitrateKbps: seconds === 0 ? 0 : Math.round((fileBytes * 8) / seconds / 1000),
    sampleRateHz: header.sampleRateHz,
    flaw: findFlaw(edges, fileBytes, encoding, header, index),
  };
}

function findFlaw(
  edges: Mp3Edges,
  fileBytes: number,
  encoding: Encoding | null,
  header: Header,
  index: Index,
): string | undefined {
  const soundBytes = fileBytes - edges.id3Bytes;
  if (soundBytes !== index.bytes) return `The MP3 has ${soundBytes} bytes of sound, but its index says ${index.bytes}`;
  if (!endsWithFrame(Buffer.from(edges.lastBytes, "hex"), header)) return "The last frame of the MP3 is damaged";
  const { packets = null, bytes = null } = encoding ?? {};
  if (packets !== null && packets !== index.frames) {
    return `ffmpeg wrote ${packets} frames, but the index of the MP3 says ${index.frames}`;
  }
  if (bytes !== null && bytes + header.bytes !== index.bytes) {
    return `ffmpeg wrote ${bytes} bytes of sound, but the MP3 has ${index.bytes - header.bytes}`;
  }
  return undefined;
}

/** Of one frame. */
interface Header {
  /** Whether it is of MPEG 1, whose frames have twice the samples. */
  readonly isMpeg1: boolean;
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly samples: number;
  /** Of the whole frame. */
  readonly bytes: number;
}

const MPEG1_KBPS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const MPEG2_KBPS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const MPEG1_HZ = [44_100, 48_000, 32_000];

/** The four bytes that begin a frame of layer III: http://www.mp3-tech.org/programmer/frame_header.html */
function readHeader(bytes: Buffer, at: number): Header | undefined {
  if (at + 4 > bytes.length) return undefined;
  const word = bytes.readUInt32BE(at);
  const version = (word >>> 19) & 3;
  const isLayer3 = word >>> 21 === 0x7ff && ((word >>> 17) & 3) === 1;
  const isMpeg1 = version === 3;
  const kbps = (isMpeg1 ? MPEG1_KBPS : MPEG2_KBPS)[(word >>> 12) & 15];
  const mpeg1Hz = MPEG1_HZ[(word >>> 10) & 3];
  if (!isLayer3 || version === 1 || !kbps || mpeg1Hz === undefined) return undefined;
  // MPEG 2 halves the rates, and MPEG 2.5 halves them again.
  const sampleRateHz = isMpeg1 ? mpeg1Hz : version === 2 ? mpeg1Hz / 2 : mpeg1Hz / 4;
  const samples = isMpeg1 ? 1152 : 576;
  const padding = (word >>> 9) & 1;
  return {
    isMpeg1,
    sampleRateHz,
    channels: ((word >>> 6) & 3) === 3 ? 1 : 2,
    samples,
    bytes: Math.floor(((samples / 8) * kbps * 1000) / sampleRateHz) + padding,
  };
}

interface Index {
  /** Without the one that holds the index. */
  readonly frames: number;
  /** With it. */
  readonly bytes: number;
}

const HAS_FRAMES_AND_BYTES = 3;

/** The "Xing" header, called "Info" where the bitrate is constant: http://gabriel.mp3-tech.org/mp3infotag.html */
function readIndex(frame: Buffer, { isMpeg1, channels }: Header): Index | undefined {
  const sideBytes = isMpeg1 ? [17, 32] : [9, 17];
  const at = 4 + (sideBytes[channels - 1] ?? 0);
  if (at + 16 > frame.length || !["Xing", "Info"].includes(frame.toString("latin1", at, at + 4))) return undefined;
  if ((frame.readUInt32BE(at + 4) & HAS_FRAMES_AND_BYTES) !== HAS_FRAMES_AND_BYTES) return undefined;
  return { frames: frame.readUInt32BE(at + 8), bytes: frame.readUInt32BE(at + 12) };
}

function endsWithFrame(end: Buffer, like: Header): boolean {
  for (let at = end.length - 4; at >= 0; at -= 1) {
    const header = readHeader(end, at);
    if (header?.sampleRateHz === like.sampleRateHz && header.bytes === end.length - at) return true;
  }
  return false;
}
