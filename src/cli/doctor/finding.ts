/** What one look has found. `unknown`: it could not be looked at, which need not mean that something is wrong. */
export interface Finding {
  /** What was looked at: "container input". */
  readonly what: string;
  readonly state: State;
  /** How it is, as a part of a sentence. */
  readonly detail: string;
  /** What to do about it. */
  readonly hint?: string;
}

export type State = "ok" | "warning" | "wrong" | "unknown";

export function ok(what: string, detail: string): Finding {
  return { what, state: "ok", detail };
}

export function warning(what: string, detail: string, hint?: string): Finding {
  return found("warning", what, detail, hint);
}

export function wrong(what: string, detail: string, hint?: string): Finding {
  return found("wrong", what, detail, hint);
}

export function unknown(what: string, detail: string, hint?: string): Finding {
  return found("unknown", what, detail, hint);
}

/** Whether there is nothing that keeps from looking further. */
export function isWell(findings: readonly Finding[]): boolean {
  return findings.every(({ state }) => state === "ok" || state === "warning");
}

function found(state: State, what: string, detail: string, hint: string | undefined): Finding {
  return { what, state, detail, ...(hint !== undefined && { hint }) };
}
