/** The body of `POST /api/uploads`. */
export interface UploadRequest {
  /** Of the blob in the input container. */
  readonly name: string;
  readonly sizeBytes: number;
  /** By name of the option, as in the tables of the workloads. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Whether a blob of this name may be replaced. */
  readonly overwrite?: boolean;
}

/** The body of the answer: how to upload that one blob straight to storage. */
export interface UploadTicket {
  /**
   * Where the blob goes, with the right to write it: a secret. Blocks go to `<url>&comp=block&blockid=<id>`, and their
   * list to `<url>&comp=blocklist`, which makes the blob. https://learn.microsoft.com/rest/api/storageservices/put-block-list
   */
  readonly url: string;
  readonly method: "PUT blocks";
  /**
   * Of the request with the list of blocks; those of blocks need none. A small file may be sent with one `PUT <url>`,
   * which also needs `x-ms-blob-type: BlockBlob`.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** How large each block but the last should be. */
  readonly blockBytes: number;
  readonly expiresAt: string;
  readonly container: string;
  readonly name: string;
}

/** The body of `GET /api/conversions/{id}/result` for those who accept JSON, and do not want to be redirected. */
export interface ResultLink {
  /** Reads the result until it expires: a secret. */
  readonly url: string;
  readonly expiresAt: string;
  readonly name: string;
}
