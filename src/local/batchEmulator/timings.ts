/** How long the service takes, in milliseconds. Short, because people wait; the real service takes minutes. */
export interface Timings {
  /** From a resize until its nodes are listed. */
  readonly allocationMs: number;
  /** creating -> starting. */
  readonly bootMs: number;
  /** starting -> idle or waitingforstarttask. */
  readonly startMs: number;
  readonly poolDeleteMs: number;
  readonly jobDeleteMs: number;
  readonly jobTerminateMs: number;
  readonly jobDisableMs: number;
  readonly nodeLeaveMs: number;
  /** Until a preempted node comes back; in the service it may never do so. */
  readonly preemptedMs: number;
  /** Between two samples for autoscale formulas. */
  readonly samplePeriodMs: number;
  /** How old a sample is before a formula sees it. */
  readonly sampleDelayMs: number;
}

export const SHORT_TIMINGS: Timings = {
  allocationMs: 10,
  bootMs: 10,
  startMs: 10,
  poolDeleteMs: 100,
  jobDeleteMs: 50,
  jobTerminateMs: 50,
  jobDisableMs: 50,
  nodeLeaveMs: 50,
  preemptedMs: 5_000,
  samplePeriodMs: 30_000,
  sampleDelayMs: 0,
};
