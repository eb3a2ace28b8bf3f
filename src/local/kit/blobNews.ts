/** Tells that a version of a blob is there. What storage puts into its `NewsFile`. */
export interface BlobNews {
  readonly container: string;
  readonly name: string;
  /** As a listing gives it, or in the quotes of a header. */
  readonly etag: string;
}
