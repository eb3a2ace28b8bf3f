import type { Config } from "../../config.ts";
import { readConfig } from "../../config.ts";
import { closestTo } from "../../local/kit/commandLine/closest.ts";
import { ConfigurationError } from "../../model/errors.ts";
import type { Environment } from "../../model/settings.ts";
import type { Finding } from "./finding.ts";
import { ok, warning, wrong } from "./finding.ts";

/** Read by others: the Functions host, the platform, the local stack, and the programs that deploy. */
const OF_OTHERS =
  /^(AzureWebJobs|AzureFunctions|FUNCTIONS_|WEBSITE_|APPLICATIONINSIGHTS_|APPINSIGHTS_|SCM_|AZURE_|AZURITE_|BATCH_EMULATOR_|STORAGE__|npm_|FFMPEG_PATH$|FFPROBE_PATH$)/i;

/** Each problem that would stop the app at its start, and each name that is probably a slip of the pen. */
export function checkSettings(env: Environment): Finding[] {
  const problems = problemsOf(env).map((problem) =>
    wrong("settings", problem, "Correct it: the app does not start like this."),
  );
  const known = namesRead(env);
  const misspelt = Object.keys(env).flatMap((name) => misspelling(name, known));
  if (problems.length + misspelt.length > 0) return [...problems, ...misspelt];
  const count = Object.keys(env).filter((name) => known.has(name) && env[name]).length;
  return [ok("settings", `${count} are set, all are valid`)];
}

/** The settings without those that are wrong; undefined where the app cannot do without one of them. */
export function readWhatIsValid(env: Environment): Config | undefined {
  const problems = problemsOf(env);
  const isNamed = (name: string): boolean => problems.some((problem) => problem.split(/\W+/).includes(name));
  try {
    return readConfig(Object.fromEntries(Object.entries(env).filter(([name]) => !isNamed(name))));
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    throw error;
  }
}

function problemsOf(env: Environment): readonly string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}

function misspelling(name: string, known: ReadonlySet<string>): Finding[] {
  if (known.has(name) || OF_OTHERS.test(name)) return [];
  const meant = closestTo(name.toUpperCase(), [...known]);
  if (meant === undefined) return [];
  return [warning("settings", `nobody reads ${name}`, `Did you mean ${meant}? If not, this is none of mp3drop's.`)];
}

/** The names of all settings that the app reads, whether they are set or not. */
function namesRead(env: Environment): ReadonlySet<string> {
  const names = new Set<string>();
  const watched = new Proxy(env, {
    get: (values, name: string) => {
      names.add(name);
      return values[name];
    },
  });
  problemsOf(watched);
  return names;
}
