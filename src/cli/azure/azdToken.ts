import { errorMessage } from "../../local/kit/errorText.ts";
import { UserError } from "../../local/kit/userError.ts";

const MANAGEMENT_SCOPE = "https://management.azure.com/.default";

/** Tokens of whoever is signed in to azd, or else to the Azure CLI. Asking for one throws a `UserError` if nobody is. */
export function azdToken(): () => Promise<string> {
  const load = async (): Promise<{ getToken: (scope: string) => Promise<{ token: string }> }> => {
    const { AzureCliCredential, AzureDeveloperCliCredential, ChainedTokenCredential } = await import("@azure/identity");
    return new ChainedTokenCredential(new AzureDeveloperCliCredential(), new AzureCliCredential());
  };
  let credential: ReturnType<typeof load> | undefined;
  return async () => {
    try {
      return (await (await (credential ??= load())).getToken(MANAGEMENT_SCOPE)).token;
    } catch (cause) {
      throw new UserError("NotSignedIn", `Azure gave no token: ${errorMessage(cause).split("\n", 1)[0]}`, {
        cause,
        hint: "Sign in with `azd auth login` and try again.",
      });
    }
  };
}
