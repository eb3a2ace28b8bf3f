import { execFileSync } from "node:child_process";

/** Every project of the run has its own copy of this module, but all are in one process. */
const BUILT = Symbol.for("mp3drop is built");

/** The tests start real child processes from dist, so dist must be what the sources say. */
export default function buildOnce(): void {
  // `npm test` has just built it (`pretest`).
  if (process.env["npm_lifecycle_event"] === "test" || BUILT in globalThis) return;
  execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit", shell: process.platform === "win32" });
  Object.assign(globalThis, { [BUILT]: true });
}
