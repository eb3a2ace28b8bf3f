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
  const { code, message, hint } =
    readJsonLine<{ failure?: Partial<FailureLine["failure"]> | null }>(line)?.failure ?? {};
  if (typeof code !== "string" || typeof message !== "string") return undefined;
  return new UserError(code, message, typeof hint === "string" ? { hint } : {});
}
