/**
 * Something the user can fix: shown as a sentence with its hint and without a stack.
 * Everything else that is thrown is a bug.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  /** Stable and machine-readable, in PascalCase. */
  readonly code: string;
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: ErrorOptions & { hint?: string } = {}) {
    super(message, options);
    this.code = code;
    this.hint = options.hint;
  }
}
