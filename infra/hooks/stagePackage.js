// @ts-check
/**
 * Stages what runs in Azure, and nothing else, in a folder of its own: the function app as it was built, with the packages
 * that it needs at run time. azd runs this before it packages the app; `azure.yaml` says what becomes of the folder.
 *
 * The manifest has no scripts and neither the development packages nor the optional ones, which are the emulators', so the
 * build in Azure only installs. It must not install all and prune afterwards: it would then have to download programs that
 * are of use on a developer's machine only.
 */
import { execSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const STAGED = join(ROOT, ".deploy");
/** They run the app on a developer's machine, and are no part of it. */
const LOCAL_FOLDERS = ["cli", "local"];

/**
 * Fills the folder anew from what `npm run build` has built.
 *
 * @param {string} folder
 */
export function stagePackage(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, "host.json"), join(folder, "host.json"));
  const dist = join(ROOT, "dist");
  cpSync(dist, join(folder, "dist"), {
    recursive: true,
    filter: (path) => !LOCAL_FOLDERS.includes(relative(dist, path).split(sep)[0] ?? "") && !path.endsWith(".map"),
  });
  const { name, version, license, type, main, engines, dependencies } = readJson("package.json");
  const manifest = { name, version, private: true, license, type, main, engines, dependencies };
  writeJson(join(folder, "package.json"), manifest);
  writeJson(join(folder, "package-lock.json"), productionLock(manifest));
}

/** The same versions as here. */
function productionLock(/** @type {Record<string, unknown>} */ { name, version, license, engines, dependencies }) {
  const lock = readJson("package-lock.json");
  const kept = Object.entries(lock.packages).filter(([path, { dev, optional, devOptional }]) => {
    return path !== "" && !dev && !optional && !devOptional;
  });
  return { ...lock, packages: { "": { name, version, license, dependencies, engines }, ...Object.fromEntries(kept) } };
}

function readJson(/** @type {string} */ path) {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8"));
}

function writeJson(/** @type {string} */ path, /** @type {unknown} */ value) {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  execSync("npm run build", { cwd: ROOT, stdio: "inherit" });
  stagePackage(STAGED);
}
