import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../kit/userError.ts";

/** The files that `main` of the app's package.json names: a path or a glob with `{a,b}`, `*`, `?` and `**`. */
export function findEntryFiles(appFolder: string): string[] {
  const main = readMain(appFolder);
  const files = [...new Set(expandBraces(main).flatMap((pattern) => match(appFolder, pattern)))].toSorted();
  if (files.length === 0) {
    throw new UserError("NoEntryFile", `No file in ${appFolder} matches "main" of its package.json, "${main}"`, {
      hint: 'Build the app first (npm run build), or correct "main".',
    });
  }
  return files;
}

/** `a{b,c{d,e}}` names `ab`, `acd` and `ace`. */
export function expandBraces(pattern: string): string[] {
  const open = pattern.indexOf("{");
  if (open < 0) return [pattern];
  const parts: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let index = open; index < pattern.length; index++) {
    const character = pattern[index];
    if (character === "{") depth++;
    if (character === "}") depth--;
    if (depth === 0 || (depth === 1 && character === ",")) {
      parts.push(pattern.slice(start, index));
      start = index + 1;
    }
    if (depth === 0) {
      const rest = pattern.slice(index + 1);
      return parts.flatMap((part) => expandBraces(pattern.slice(0, open) + part + rest));
    }
  }
  return [pattern];
}

function readMain(appFolder: string): string {
  const path = join(appFolder, "package.json");
  if (!existsSync(path)) {
    throw new UserError("NoPackageJson", `There is no ${path}`, {
      hint: "Choose the folder of a function app with --app.",
    });
  }
  let main: unknown;
  try {
    main = (JSON.parse(readFileSync(path, "utf8")) as { main?: unknown }).main;
  } catch (cause) {
    throw new UserError("BadPackageJson", `${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof main !== "string" || main === "") {
    if (hasFunctionJson(appFolder)) {
      throw new UserError("OldProgrammingModel", `${appFolder} has functions in folders with a function.json`, {
        hint: "Only version 4 of the programming model is served: https://learn.microsoft.com/azure/azure-functions/functions-node-upgrade-v4",
      });
    }
    throw new UserError("NoEntryFile", `${path} has no "main"`, {
      hint: 'Name the entry files, for example "dist/{index.js,functions/*.js}".',
    });
  }
  return main;
}

/** Whether the app is of the programming model before version 4. */
function hasFunctionJson(appFolder: string): boolean {
  return readdirSync(appFolder).some((name) => existsSync(join(appFolder, name, "function.json")));
}

function match(folder: string, pattern: string): string[] {
  const [first = "", ...rest] = pattern.split("/").filter((part) => part !== "" && part !== ".");
  if (first === "") return [];
  if (first === "..") return match(join(folder, ".."), rest.join("/"));
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  if (first === "**") {
    const below = entries
      .filter((entry) => entry.isDirectory())
      .flatMap((entry) => match(join(folder, entry.name), pattern));
    return [...match(folder, rest.join("/")), ...below];
  }
  const matching = entries.filter((entry) => wildcard(first).test(entry.name));
  if (rest.length === 0) {
    return matching.filter((entry) => !entry.isDirectory()).map((entry) => join(folder, entry.name));
  }
  return matching
    .filter((entry) => !entry.isFile())
    .flatMap((entry) => match(join(folder, entry.name), rest.join("/")));
}

function wildcard(part: string): RegExp {
  const escaped = part.replace(/[.+^$()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", "[^/]*").replaceAll("?", "[^/]")}$`);
}
