import { spawnSync } from "node:child_process";
import { NOBODY } from "../local/otherUser.ts";

/** Runs this module text in a Node process of another user, and returns what it writes as JSON. */
export function runAsNobody(code: string): unknown {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", code], {
    encoding: "utf8",
    uid: NOBODY,
    gid: NOBODY,
    cwd: "/",
    env: {},
  });
  if (status !== 0) throw new Error(`The process of the other user failed: ${stderr}`);
  return JSON.parse(stdout);
}
