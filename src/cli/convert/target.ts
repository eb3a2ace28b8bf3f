import type { App } from "./app.ts";
import type { FollowBlobs } from "./recordNews.ts";

export interface TargetOptions {
  /** Undefined: not given. */
  readonly data: string | undefined;
  readonly connectionString: string | undefined;
  readonly functionsUrl: string | undefined;
  readonly verbose: boolean;
}

/** The app that converts, and whatever keeps it running. */
export interface Target {
  readonly app: App;
  /** An upload should have been noticed within this time; undefined if that cannot be said. */
  readonly pickUpBoundMs: number | undefined;
  /** Between two looks at a single conversion. */
  readonly fastestLookMs: number;
  /** Left out where storage tells nobody of its blobs. */
  readonly followBlobs?: FollowBlobs;
  /** Whether nothing goes on once it is closed. */
  readonly stopsWithUs?: true;
  /** Rejects when the app will not come back; never resolves. */
  readonly lost: Promise<never>;
  /** First waits for others that still use the app, until the signal is aborted or the app is lost. */
  close(signal: AbortSignal): Promise<void>;
}
