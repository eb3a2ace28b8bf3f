/** Errors of @azure/identity: whoever is not signed in gets no answer of the service at all. */
const SIGN_IN_ERRORS = new Set([
  "AggregateAuthenticationError",
  "AuthenticationError",
  "AuthenticationRequiredError",
  "CredentialUnavailableError",
]);

/** Whether a request failed because Entra ID gave us no token for it. */
export function isSignInFailure(error: unknown): error is Error {
  return error instanceof Error && SIGN_IN_ERRORS.has(error.name);
}
