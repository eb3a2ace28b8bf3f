/** What the bench gives to the peer, as JSON, in the environment: a key is nothing for a command line. */
export interface PeerInput {
  readonly connectionString: string;
  readonly batch: { readonly endpoint: string; readonly accountName: string; readonly accountKey: string };
  readonly poolId: string;
  /** New for each run. */
  readonly jobId: string;
  readonly inputContainer: string;
  readonly outputContainer: string;
  /** The folder of the videos. */
  readonly videos: string;
  /** The folder for the results. */
  readonly out: string;
}

export const PEER_INPUT = "BENCH_PEER";
