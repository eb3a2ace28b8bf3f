// @ts-check
/**
 * Runs scripts of package.json at the same time: `node .ci/sideBySide.js build lint`. What each has to say comes in one
 * piece when it ends. Fails if one of them does.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

const isWindows = process.platform === "win32";

/** @param {string} name */
async function run(name) {
  const child = spawn("npm", ["run", "--silent", name], { stdio: ["ignore", "pipe", "pipe"], shell: isWindows });
  /** @type {Buffer[]} */
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(chunk));
  const [code] = await once(child, "close");
  process.stderr.write(Buffer.concat(chunks));
  if (code !== 0) {
    process.stderr.write(`npm run ${name} failed\n`);
    process.exitCode = 1;
  }
}

await Promise.all(process.argv.slice(2).map(run));
