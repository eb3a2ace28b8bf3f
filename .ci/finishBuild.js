// @ts-check
/**
 * What `tsc` leaves undone: copies the files of `src` that are no TypeScript to `dist`, and removes from there what has no
 * source any more, because the Functions host registers every file that it finds. Nothing else is touched: the stack
 * may be running from it.
 */
import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const SRC = "src";
const DIST = "dist";

cpSync(SRC, DIST, { recursive: true, filter: (path) => !/\.(ts|md)$/.test(path) });

for (const path of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
  const sources = [path, path.replace(/\.js(\.map)?$/, ".ts")];
  if (sources.some((source) => existsSync(join(SRC, source)))) continue;
  rmSync(join(DIST, path), { recursive: true, force: true });
}
