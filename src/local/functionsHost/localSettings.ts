import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { UserError } from "../kit/userError.ts";

const FILE = "local.settings.json";

const LocalSettingsJson = v.looseObject({
  IsEncrypted: v.optional(v.boolean()),
  Values: v.optional(v.record(v.string(), v.nullable(v.union([v.string(), v.number(), v.boolean()]))), {}),
  Host: v.optional(v.looseObject({ LocalHttpPort: v.optional(v.union([v.number(), v.string()])) }), {}),
});

interface LocalSettings {
  /** The app settings that the environment does not have. */
  readonly values: Readonly<Record<string, string>>;
  /** `Host.LocalHttpPort`, as it stands there. */
  readonly port: string | undefined;
}

/**
 * What an app that is run by Core Tools keeps for them, and by their rule: what the environment has takes precedence.
 * https://learn.microsoft.com/azure/azure-functions/functions-develop-local#local-settings-file
 */
export function readLocalSettings(appFolder: string, env: NodeJS.ProcessEnv): LocalSettings {
  const path = join(appFolder, FILE);
  if (!existsSync(path)) return { values: {}, port: undefined };
  const { IsEncrypted, Values, Host } = parse(path);
  if (IsEncrypted === true) {
    throw new UserError("EncryptedSettings", `${path} is encrypted, and only Core Tools can read it`, {
      hint: "Decrypt it with `func settings decrypt`, or set the settings in the environment.",
    });
  }
  const given = Object.entries(Values).filter(([name, value]) => value !== null && !env[name]);
  return {
    values: Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
    port: Host.LocalHttpPort === undefined ? undefined : String(Host.LocalHttpPort),
  };
}

function parse(path: string): v.InferOutput<typeof LocalSettingsJson> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, ""));
  } catch (cause) {
    // The cause quotes the file, which holds secrets.
    throw invalid(path, cause instanceof SyntaxError ? "it is not JSON" : String(cause));
  }
  const parsed = v.safeParse(LocalSettingsJson, json);
  if (parsed.success) return parsed.output;
  throw invalid(
    path,
    parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "the file"} is of the wrong kind`).join("; "),
  );
}

function invalid(path: string, problem: string): UserError {
  return new UserError("BadLocalSettings", `${path} is not valid: ${problem}`, {
    hint: 'It looks like { "IsEncrypted": false, "Values": { "NAME": "text" } }.',
  });
}
