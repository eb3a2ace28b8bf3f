import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));

/** The folder of the function app: the nearest one above with a host.json. */
export function findAppRoot(folder = HERE): string {
  if (existsSync(join(folder, "host.json"))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error("No host.json above the program: the installation is incomplete");
  return findAppRoot(parent);
}

/** A built script, by its path below src: child processes run the build even when this process runs the sources. */
export function builtScript(path: string): string {
  return join(findAppRoot(), "dist", path.replace(/\.ts$/, ".js"));
}
