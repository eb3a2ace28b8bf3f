import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { readJsonFile } from "../../local/kit/jsonFile.ts";
import { UserError } from "../../local/kit/userError.ts";
import type { Environment } from "../../model/settings.ts";

export interface AzdEnvironment {
  /** Undefined where the variables were given to this process, as azd gives them to its hooks. */
  readonly name: string | undefined;
  readonly values: Environment;
}

/** Any of the outputs would do: azd sets all of them, or none. */
const SIGN_OF_AZD = "AZURE_FUNCTION_APP_NAME";

/**
 * The variables of a deployment: of the environment that is named, or those that this process has, or of the environment
 * that azd takes by default. Throws a `UserError` if there is none.
 * https://learn.microsoft.com/azure/developer/azure-developer-cli/environments-overview
 */
export function findAzdEnvironment(folder: string, env: Environment, name?: string): AzdEnvironment {
  if (name === undefined && env[SIGN_OF_AZD]?.trim()) return { name: undefined, values: env };
  const azd = nearestAzdFolder(folder);
  if (azd === undefined) {
    throw new UserError("NoAzdEnvironment", `Neither ${folder} nor a folder above it has a folder .azure`, {
      hint: "Run this where you ran `azd up`.",
    });
  }
  const config = readJsonFile<{ defaultEnvironment?: string }>(join(azd, "config.json"));
  const chosen = name ?? (env["AZURE_ENV_NAME"]?.trim() || config?.defaultEnvironment);
  const known = environmentsIn(azd);
  if (chosen === undefined) {
    throw new UserError("NoAzdEnvironment", `${azd} says no default environment`, { hint: choose(known) });
  }
  if (!known.includes(chosen)) {
    throw new UserError("NoAzdEnvironment", `${azd} has no environment "${chosen}"`, { hint: choose(known) });
  }
  return { name: chosen, values: { ...env, ...parseEnv(readFileSync(join(azd, chosen, ".env"), "utf8")) } };
}

function choose(known: readonly string[]): string {
  if (known.length === 0) return "Run `azd up` first.";
  return `Choose one with --environment: ${known.join(", ")}.`;
}

function nearestAzdFolder(folder: string): string | undefined {
  const azd = join(folder, ".azure");
  if (existsSync(azd)) return azd;
  return dirname(folder) === folder ? undefined : nearestAzdFolder(dirname(folder));
}

function environmentsIn(azd: string): string[] {
  return readdirSync(azd).filter((name) => existsSync(join(azd, name, ".env")));
}
