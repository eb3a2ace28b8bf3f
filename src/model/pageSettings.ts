/** What the page must know of the app before anybody has signed in: `GET /api/page/settings.json`. */
export interface PageSettings {
  /** What the workloads take, with their suffixes in lower case. */
  readonly takes: readonly { readonly takes: string; readonly suffixes: readonly string[] }[];
}
