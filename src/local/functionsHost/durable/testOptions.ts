/** Makes the host behave as badly as the real one may: for tests. */
export interface HubTestOptions {
  /** Every activity runs two times, as after a crash in which the first result was lost. */
  readonly executeActivitiesTwice?: boolean;
  /**
   * Starts, results and timers are delivered two times. Raised events are not: their sender may mean the same
   * event twice.
   */
  readonly deliverTwice?: boolean;
  /** Called on both sides of every commit; what it throws stops the hub as a crash would. */
  readonly onCommit?: (when: "before" | "after") => void;
  /** Called whenever nothing is left to do but to wait for timers. */
  readonly onIdle?: () => void;
  /** Warnings of the guards fail the instance too. */
  readonly strictGuards?: boolean;
}
