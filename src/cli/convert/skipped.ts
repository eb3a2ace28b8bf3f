/** Why something that a folder holds, or an argument names, is not converted at all. */
type SkipCode =
  | "BrokenLink"
  | "FolderLink"
  | "NameNotUtf8"
  | "NameTaken"
  | "NameTooLong"
  | "NotAFile"
  | "NotFound"
  | "ResultExists"
  | "Unreadable";

export interface Skipped {
  /** Bytes of a name that are not UTF-8 are written as `\xNN`. */
  readonly path: string;
  readonly code: SkipCode;
  /** The reason, as part of a sentence. */
  readonly message: string;
}

/** Links to folders are never followed, and existing results are kept only if the user says so. */
const BY_RULE: ReadonlySet<SkipCode> = new Set(["FolderLink", "ResultExists"]);

/** Whether the user may have wanted it converted. */
export function isProblem({ code }: Skipped): boolean {
  return !BY_RULE.has(code);
}
