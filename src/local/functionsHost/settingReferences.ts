import { UserError } from "../kit/userError.ts";

export type AppSettings = Readonly<Record<string, string | undefined>>;

/** Replaces each `%NAME%` by the app setting of that name. */
export function resolveSettings(text: string, settings: AppSettings, where: string): string {
  return text.replace(/%([^%]+)%/g, (_match, name: string) => {
    const value = settings[name];
    if (value !== undefined && value !== "") return value;
    throw new UserError("MissingSetting", `${where} names %${name}%, but the app setting ${name} is not set`, {
      hint: `Set the environment variable ${name}.`,
    });
  });
}

/**
 * `AzureWebJobs.NAME.Disabled`, or with underscores where the dots of a variable's name are not allowed.
 * https://learn.microsoft.com/azure/azure-functions/disable-function
 */
export function isDisabled(functionName: string, settings: AppSettings): boolean {
  const names = [".", "__"].map((mark) => ["AzureWebJobs", functionName, "Disabled"].join(mark).toLowerCase());
  return Object.entries(settings).some(
    ([name, value = ""]) => names.includes(name.toLowerCase()) && /^(true|1)$/i.test(value.trim()),
  );
}

/** The connection string that a binding names: setting NAME, else AzureWebJobsNAME. It is a secret. */
export function readConnectionString(name: string, settings: AppSettings, where: string): string {
  const value = settings[name] || settings[`AzureWebJobs${name}`];
  if (value !== undefined && value !== "") return value;
  const hasIdentity = [name, `AzureWebJobs${name}`].some((prefix) =>
    Object.keys(settings).some((key) => key.startsWith(`${prefix}__`)),
  );
  throw new UserError(
    "MissingConnection",
    hasIdentity
      ? `${where} uses the connection ${name}, which is set up for sign-in with an identity, but the embedded host needs a connection string`
      : `${where} uses the connection ${name}, but the app setting ${name} is not set`,
    { hint: `Set the environment variable ${name} to the connection string of the storage account.` },
  );
}
