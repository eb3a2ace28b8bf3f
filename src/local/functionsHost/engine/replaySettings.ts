export type CalledKind = "activity" | "subOrchestration" | "entity";

export interface ReplaySettings {
  readonly instanceId: string;
  readonly executionId: string;
  /** A longer timer is made up of pieces of `longTimerIntervalMs`. */
  readonly maxShortTimerMs: number;
  readonly longTimerIntervalMs: number;
  readonly httpPollMs: number;
  /** A call to a name that is not known stays undecided, as on the real host. */
  readonly isKnown: (kind: CalledKind, name: string) => boolean;
  /** The orchestrator has returned or continues as new, so its locks go back when all of its actions are through. */
  readonly isDone: boolean;
}
