import { closeSync, fsyncSync, openSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { isLineAt, jsonIn, lineOf, readAt } from "./archiveLine.ts";
import { createFolder } from "./createFolder.ts";
import { damagedData, notSaved } from "./stateErrors.ts";
import { isSystemError, unusableDataFolder } from "./systemError.ts";
import type { UserError } from "./userError.ts";
import { writeAll } from "./writeAll.ts";

/** Where in an archive something is: in which of its files, and from which byte on how many. */
export interface ArchivePlace {
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

/** Calls `move` with every archived thing of a state, and has the state keep the place that comes back. */
export type Relocate = (move: (key: string, place: ArchivePlace) => ArchivePlace) => void;

interface Segment {
  size: number;
  /** Bytes that places refer to. */
  used: number;
}

const MAX_SEGMENT_BYTES = 32 * 1024 * 1024;
/** What is archived may hold keys. */
const OWNER_ONLY = 0o600;

/**
 * A folder of append-only files (segments) for what has ended: it is on the disk, and only its place is in memory. The
 * places are in a journal, and with them the truth: bytes that no place refers to are garbage, so a crash between writing
 * something here and its place there loses nothing.
 *
 * A segment that is mostly garbage is gathered into the newest one and deleted, in steps that
 * `ArchivingJournal` puts in order.
 */
export class Archive {
  readonly #folder: string;
  readonly #maxSegmentBytes: number;
  readonly #segments = new Map<number, Segment>();
  /** The number of the one that is appended to. */
  #newest = 0;
  #file: number | undefined;
  /** The file that was read last: whoever lists what is archived reads one line after the other. */
  #reader: { readonly segment: number; readonly file: number } | undefined;
  #isOpen = false;
  #appendedBytes = 0;
  #failure: UserError | undefined;
  #onFailure: (failure: UserError) => void = () => {};

  constructor(folder: string, maxSegmentBytes = MAX_SEGMENT_BYTES) {
    this.#folder = folder;
    this.#maxSegmentBytes = maxSegmentBytes;
  }

  /**
   * Removes what the places do not refer to. Throws a `UserError` when something is not in its place or the folder cannot
   * be used; it is then left as it is. `onFailure` is called once, when nothing more can be archived.
   */
  open(relocate: Relocate, onFailure: (failure: UserError) => void = () => {}): void {
    this.#onFailure = onFailure;
    try {
      this.#readSizes();
      const ends = this.#checkPlaces(relocate);
      this.deleteUnused();
      this.#newest = Math.max(1, ...this.#segments.keys());
      this.#cutOff(ends.get(this.#newest) ?? 0);
    } catch (error) {
      throw isSystemError(error) ? this.#unusable(error) : error;
    }
    this.#isOpen = true;
  }

  /** What every attempt to archive throws from here on, and what `onFailure` was given. */
  get failure(): UserError | undefined {
    return this.#failure;
  }

  /** Bytes archived since the start. What they replace in the journal is garbage there. */
  get appendedBytes(): number {
    return this.#appendedBytes;
  }

  /** Whether more than half of it is garbage, and enough to be worth the effort. */
  get isMostlyGarbage(): boolean {
    let size = 0;
    let used = 0;
    for (const segment of this.#segments.values()) {
      size += segment.size;
      used += segment.used;
    }
    return size - used > Math.max(used, this.#maxSegmentBytes);
  }

  /** Once it returns, the body outlives this process. It counts as soon as the journal has its place. */
  append(key: string, body: object): ArchivePlace {
    return this.appendJson(key, JSON.stringify(body));
  }

  /** The same for a body that is JSON already. */
  appendJson(key: string, json: string): ArchivePlace {
    const place = this.#write(lineOf(key, json));
    this.#appendedBytes += place.length;
    return place;
  }

  /**
   * The body as it was archived. Throws a `UserError` if it is damaged: if it is not JSON, or if `check`, which gets the body
   * and its JSON, throws.
   */
  read(key: string, place: ArchivePlace, check: (body: unknown, json: string) => void = () => {}): unknown {
    const json = jsonIn(this.#readLine(place), key);
    if (json === undefined) throw this.#damaged(place);
    try {
      const body: unknown = JSON.parse(json);
      check(body, json);
      return body;
    } catch (cause) {
      throw this.#damaged(place, cause);
    }
  }

  /** Nothing refers to this place any more. */
  release({ segment: number, length }: ArchivePlace): void {
    // As long as the journal is being read nothing is known of the segments; `open` counts what is left in the end.
    const segment = this.#isOpen ? this.#segments.get(number) : undefined;
    if (segment !== undefined) segment.used -= length;
  }

  /**
   * Copies what is left in segments that are mostly garbage. The copies count when the journal has the new places; only
   * then may `deleteUnused` be called.
   */
  gather(relocate: Relocate): void {
    const sparse = new Set<number>();
    for (const [number, { size, used }] of this.#segments) if (used * 2 < size) sparse.add(number);
    if (sparse.has(this.#newest)) this.#beginSegment();
    relocate((_key, place) => {
      if (!sparse.has(place.segment)) return place;
      const copy = this.#write(this.#readLine(place));
      this.release(place);
      return copy;
    });
  }

  /** Makes what is archived outlive the machine, as a compacted journal does. */
  sync(): void {
    try {
      if (this.#file !== undefined) fsyncSync(this.#file);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Only while the journal on the disk has the present places. */
  deleteUnused(): void {
    for (const [number, { used }] of this.#segments) {
      if (used > 0 || number === this.#newest) continue;
      if (number === this.#reader?.segment) this.#closeReader();
      rmSync(this.#pathOf(number), { force: true });
      this.#segments.delete(number);
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#closeReader();
  }

  #closeReader(): void {
    if (this.#reader !== undefined) closeSync(this.#reader.file);
    this.#reader = undefined;
  }

  #readSizes(): void {
    createFolder(this.#folder, 0o700);
    for (const name of readdirSync(this.#folder)) {
      const number = Number(/^(\d+)\.jsonl$/.exec(name)?.[1]);
      if (number > 0) this.#segments.set(number, { size: statSync(this.#pathOf(number)).size, used: 0 });
    }
  }

  /** Looks at the ends of the lines only, so that a large archive costs a start next to nothing. Gives the last of them. */
  #checkPlaces(relocate: Relocate): ReadonlyMap<number, number> {
    const places = new Map<number, { readonly key: string; readonly place: ArchivePlace }[]>();
    relocate((key, place) => {
      const known = places.get(place.segment);
      if (known === undefined) places.set(place.segment, [{ key, place }]);
      else known.push({ key, place });
      return place;
    });
    const ends = new Map<number, number>();
    for (const [number, ofSegment] of places) {
      const segment = this.#segments.get(number);
      if (segment === undefined) throw damagedData(this.#pathOf(number), "byte 0: it is missing");
      const file = openSync(this.#pathOf(number), "r");
      try {
        for (const { key, place } of ofSegment) {
          if (!isLineAt(file, key, place)) throw this.#damaged(place);
          segment.used += place.length;
          ends.set(number, Math.max(ends.get(number) ?? 0, place.offset + place.length));
        }
      } finally {
        closeSync(file);
      }
    }
    return ends;
  }

  /** What follows the last line with a place is what a crash left, perhaps half a line. */
  #cutOff(end: number): void {
    const segment = this.#segments.get(this.#newest);
    if (segment === undefined || segment.size === end) return;
    truncateSync(this.#pathOf(this.#newest), end);
    segment.size = end;
  }

  #write(line: Buffer): ArchivePlace {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const segment = this.#segmentFor(line.length);
      this.#file ??= openSync(this.#pathOf(this.#newest), "a", OWNER_ONLY);
      writeAll(this.#file, line);
      const place = { segment: this.#newest, offset: segment.size, length: line.length };
      segment.size += line.length;
      segment.used += line.length;
      return place;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #segmentFor(length: number): Segment {
    const newest = this.#segments.get(this.#newest);
    if (newest !== undefined && newest.size > 0 && newest.size + length > this.#maxSegmentBytes) this.#beginSegment();
    const segment = this.#segments.get(this.#newest) ?? { size: 0, used: 0 };
    this.#segments.set(this.#newest, segment);
    return segment;
  }

  #beginSegment(): void {
    this.sync();
    this.close();
    this.#newest++;
  }

  #readLine(place: ArchivePlace): Buffer {
    const line = readAt(this.#readerOf(place), place.offset, place.length);
    if (line.length < place.length) throw this.#damaged(place);
    return line;
  }

  #readerOf(place: ArchivePlace): number {
    const { segment } = place;
    if (this.#reader?.segment === segment) return this.#reader.file;
    this.#closeReader();
    try {
      this.#reader = { segment, file: openSync(this.#pathOf(segment), "r") };
    } catch (cause) {
      throw this.#damaged(place, cause);
    }
    return this.#reader.file;
  }

  #fail(error: unknown): unknown {
    if (!isSystemError(error)) return error;
    this.#failure = notSaved(this.#pathOf(this.#newest), error);
    this.#onFailure(this.#failure);
    return this.#failure;
  }

  #damaged({ segment, offset }: ArchivePlace, cause?: unknown): UserError {
    return damagedData(this.#pathOf(segment), `byte ${offset}`, cause);
  }

  #unusable(error: NodeJS.ErrnoException): UserError {
    return unusableDataFolder(error, `Make ${this.#folder} a readable and writable folder`);
  }

  #pathOf(segment: number): string {
    return join(this.#folder, `${segment}.jsonl`);
  }
}
