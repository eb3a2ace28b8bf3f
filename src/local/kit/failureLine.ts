import { readJsonLine } from "./lines.ts";
import { UserError } from "./userError.ts";

interface FailureLine {
  readonly failure: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** The line of JSON on stdout by which a service tells its parent process why it stops. */
export function failureLine({ code, message, hint }: UserError): string {
  const line: FailureLine = { failure: { code, message, ...(hint !== undefined && { hint }) } };
  return JSON.stringify(line);
}

/** Undefined for any other line. */
export function readFailureLine(line: string): UserError | undefined {
  const failure = readJsonLine<Partial<FailureLine>>(line)?.failure;
  if (failure === undefined) return undefined;
  const { code, message, hint } = failure;
  return new UserError(code, message, hint === undefined ? {} : { hint });
}
