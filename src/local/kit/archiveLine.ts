import { readSync } from "node:fs";

/** Where in a file a line is. */
interface LinePlace {
  readonly offset: number;
  readonly length: number;
}

/** What follows the body. */
const TAIL = "]\n";

/** A line of an archive, `["key",body]`: the key tells that a place leads to the right one. */
export function lineOf(key: string, json: string): Buffer {
  return Buffer.from(`${headOf(key)}${json}${TAIL}`);
}

/** The JSON of the body; undefined if this is no line of that key. */
export function jsonIn(line: Buffer, key: string): string | undefined {
  const text = line.toString("utf8");
  const head = headOf(key);
  return text.startsWith(head) && text.endsWith(TAIL) ? text.slice(head.length, -TAIL.length) : undefined;
}

/** Whether a line of that key is at the place, by its two ends: its body is not read. */
export function isLineAt(file: number, key: string, { offset, length }: LinePlace): boolean {
  const head = Buffer.from(headOf(key));
  if (length < head.length + TAIL.length) return false;
  return (
    readAt(file, offset, head.length).equals(head) &&
    readAt(file, offset + length - TAIL.length, TAIL.length).equals(Buffer.from(TAIL))
  );
}

/** Fewer bytes where the file ends. */
export function readAt(file: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const more = readSync(file, bytes, read, length - read, offset + read);
    if (more === 0) break;
    read += more;
  }
  return bytes.subarray(0, read);
}

function headOf(key: string): string {
  return `[${JSON.stringify(key)},`;
}
