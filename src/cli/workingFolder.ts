import { realpathSync } from "node:fs";

/** `npm start` and `npm run …` go to the package's folder first; the user's own folder is then in INIT_CWD. */
export function workingFolder(env: NodeJS.ProcessEnv, current: string, packageFolder: string): string {
  const startedFrom = env["INIT_CWD"];
  // A process started further down inherits the variables, but may be in another folder.
  const isOurScript = ["start", "convert", "bench"].includes(env["npm_lifecycle_event"] ?? "");
  const isRunByNpm = isOurScript && realpathSync(current) === realpathSync(packageFolder);
  return isRunByNpm && startedFrom !== undefined ? startedFrom : current;
}
