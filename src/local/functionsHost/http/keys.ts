import { timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import type { AppSettings } from "../settingReferences.ts";

/**
 * The keys that HTTP functions of the levels `function` and `admin` require. If none is configured, the levels are not
 * checked, as in Azure Functions Core Tools.
 * https://learn.microsoft.com/azure/azure-functions/function-keys-how-to
 */
export interface HostKeys {
  readonly functionKey: string | undefined;
  readonly masterKey: string | undefined;
}

export function readKeys(settings: AppSettings): HostKeys {
  return {
    functionKey: settings["FUNCTIONS_HOST_FUNCTION_KEY"] || undefined,
    masterKey: settings["FUNCTIONS_HOST_MASTER_KEY"] || undefined,
  };
}

export function areKeysConfigured({ functionKey, masterKey }: HostKeys): boolean {
  return functionKey !== undefined || masterKey !== undefined;
}

export function isAllowed(c: Context, authLevel: string, keys: HostKeys): boolean {
  if (authLevel === "anonymous" || !areKeysConfigured(keys)) return true;
  const allowed = authLevel === "admin" ? [keys.masterKey] : [keys.functionKey, keys.masterKey];
  return hasKey(c, allowed);
}

export function hasKey(c: Context, allowed: readonly (string | undefined)[]): boolean {
  const given = c.req.header("x-functions-key") ?? c.req.query("code");
  return given !== undefined && allowed.some((key) => key !== undefined && isSame(given, key));
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
