import { execFileSync } from "node:child_process";

/** The tests start real child processes from dist, so dist must be what the sources say. */
export default function buildOnce(): void {
  // `npm test` has just built it (`pretest`).
  if (process.env["npm_lifecycle_event"] === "test") return;
  execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit", shell: process.platform === "win32" });
}
