/** Tells that a version of a blob is there. What storage puts into its `NewsFile`. */
export interface BlobNews {
  readonly container: string;
  readonly name: string;
  /** As a listing gives it, or in the quotes of a header. */
  readonly etag: string;
  /** Of that version; left out where storage does not say it. */
  readonly head?: BlobHead;
}

/** What the answer to a HEAD request says of a blob. */
export interface BlobHead {
  readonly contentLength: number;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  /** In Base64. */
  readonly contentMd5?: string | undefined;
  /** ISO 8601, in whole seconds, as in a header. */
  readonly lastModified?: string | undefined;
  readonly createdOn?: string | undefined;
  readonly blobType?: string | undefined;
  /** Names in lower case, as those of headers. */
  readonly metadata: Readonly<Record<string, string>>;
}
