import { execFileSync } from "node:child_process";

/** The tests start real child processes from dist, so dist must be what the sources say. */
export default function buildOnce(): void {
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"], { stdio: "inherit" });
}
