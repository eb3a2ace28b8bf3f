/** What the page must know of the app before anybody has signed in: `GET /api/page/settings.json`. */
export interface PageSettings {
  readonly workloads: readonly PageWorkload[];
}

export interface PageWorkload {
  /** For people: "MP4 videos". */
  readonly takes: string;
  /** In lower case: ".mp4". */
  readonly suffixes: readonly string[];
  readonly options: readonly PageOption[];
}

/** What may be chosen for one file. */
export interface PageOption {
  readonly name: string;
  readonly about: string;
  /** Completes "… must be". */
  readonly allowed: string;
  /** All values there are; null where they are too many to list. */
  readonly choices: readonly string[] | null;
  /** What holds without it. */
  readonly fallback: string;
}
