import type { TokenCredential } from "@azure/identity";
import { errorMessage } from "../../local/kit/errorText.ts";
import { UserError } from "../../local/kit/userError.ts";

const MANAGEMENT_SCOPE = "https://management.azure.com/.default";

/** Whoever is signed in to azd, or else to the Azure CLI. The library loads with the first token. */
export function azdCredential(): TokenCredential {
  const load = async (): Promise<TokenCredential> => {
    const { AzureCliCredential, AzureDeveloperCliCredential, ChainedTokenCredential } = await import("@azure/identity");
    return new ChainedTokenCredential(new AzureDeveloperCliCredential(), new AzureCliCredential());
  };
  let loaded: Promise<TokenCredential> | undefined;
  return {
    getToken: async (scopes, options) => (await (loaded ??= load())).getToken(scopes, options),
  };
}

/** Tokens for Azure Resource Manager. Asking for one throws a `UserError` if nobody is signed in. */
export function azdToken(credential = azdCredential()): () => Promise<string> {
  return async () => {
    try {
      const token = await credential.getToken(MANAGEMENT_SCOPE);
      if (token === null) throw new Error("nobody is signed in");
      return token.token;
    } catch (cause) {
      throw new UserError("NotSignedIn", `Azure gave no token: ${errorMessage(cause).split("\n", 1)[0]}`, {
        cause,
        hint: "Sign in with `azd auth login` and try again.",
      });
    }
  };
}
