/** Errors of @azure/identity. They come instead of any answer of the service. */
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

/** Why each credential failed, on one line. The first line of the message says only that they all did. */
export function signInReasons({ message }: Error): string {
  return message.replaceAll("\n", "; ");
}
