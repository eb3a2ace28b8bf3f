import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));

/** Where the built scripts are: beside this one, or, when the sources themselves run, in the dist folder beside src. */
export const DIST = import.meta.url.endsWith(".js") ? resolve(HERE, "..") : resolve(HERE, "..", "..", "dist");

/** The folder that a Functions host is pointed at: the nearest one above with a host.json. */
export function findAppRoot(folder = HERE): string {
  if (existsSync(join(folder, "host.json"))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error("No host.json above the program: the installation is incomplete");
  return findAppRoot(parent);
}
