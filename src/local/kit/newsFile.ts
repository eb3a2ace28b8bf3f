import { closeSync, fstatSync, ftruncateSync, openSync, readSync, watch } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { readJsonLine } from "./lines.ts";
import { writeAll } from "./writeAll.ts";

/** Whoever follows has read it long before. */
const MAX_BYTES = 1024 * 1024;
/** News may hold the names of files. */
const OWNER_ONLY = 0o600;

/**
 * A file in which one process tells others what has just happened, one line of JSON for each item. It is for those who
 * listen at that moment and keeps nothing: it starts anew with each teller, and when it has grown long. So an item can be
 * missed, and who must not miss anything has to look for itself now and then.
 */
export class NewsFile<Item extends object> {
  readonly #file: number;
  #size = 0;

  constructor(path: string) {
    // Appended to and cut, not replaced: those who follow it have this very file open.
    this.#file = openSync(path, "a", OWNER_ONLY);
    ftruncateSync(this.#file);
  }

  tell(item: Item): void {
    if (this.#size > MAX_BYTES) {
      ftruncateSync(this.#file);
      this.#size = 0;
    }
    const line = Buffer.from(`${JSON.stringify(item)}\n`);
    writeAll(this.#file, line);
    this.#size += line.length;
  }
}

/**
 * Calls back for each item that is told from now on, until the returned function is called. Throws if there is no such file.
 * `onFailure` learns that nothing more will be heard.
 */
export function followNews<Item extends object>(
  path: string,
  onItem: (item: Item) => void,
  onFailure: (error: unknown) => void,
): () => void {
  const file = openSync(path, "r");
  const chunk = Buffer.alloc(64 * 1024);
  let position = fstatSync(file).size;
  let decoder = new StringDecoder("utf8");
  let rest = "";
  const readOn = (): void => {
    if (fstatSync(file).size < position) {
      position = 0;
      decoder = new StringDecoder("utf8");
      rest = "";
    }
    for (;;) {
      const count = readSync(file, chunk, 0, chunk.length, position);
      if (count === 0) return;
      position += count;
      const lines = (rest + decoder.write(chunk.subarray(0, count))).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        // A line that was cut is missed, like any other.
        const item = readJsonLine<Item>(line);
        if (item !== undefined) onItem(item);
      }
    }
  };
  const stop = (): void => {
    if (isStopped) return;
    isStopped = true;
    watcher.close();
    closeSync(file);
  };
  const fail = (error: unknown): void => {
    stop();
    onFailure(error);
  };
  let isStopped = false;
  const watcher = watch(path, () => {
    try {
      if (!isStopped) readOn();
    } catch (error) {
      fail(error);
    }
  });
  watcher.on("error", fail);
  return stop;
}
