/** What can go wrong between this command and the app. The app's own failures are in its records. */
type ClientFailureCode =
  | "Cancelled"
  | "Changed"
  | "DownloadFailed"
  | "NoRecord"
  | "NotFound"
  | "NotPickedUp"
  | "ResultNotWritable"
  | "StackStopped"
  | "StorageUnreachable"
  | "Superseded"
  | "TimedOut"
  | "Unreadable"
  | "UploadFailed";

/** One conversion cannot be finished; the others go on. */
export class ClientFailure extends Error {
  override readonly name = "ClientFailure";
  readonly code: ClientFailureCode;
  readonly hint: string;

  constructor(code: ClientFailureCode, message: string, hint: string, options: ErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
