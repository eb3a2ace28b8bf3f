interface Stateful<State> {
  state: State;
  stateTransitionTime: string;
  previousState?: State;
  previousStateTransitionTime?: string;
}

/** Of a job or a schedule. The states in between leave no trace: what has completed says that it was active before. */
export function enterState<State extends string>(record: Stateful<State>, state: State, now: string): void {
  if (isSteady(record.state)) {
    record.previousState = record.state;
    record.previousStateTransitionTime = record.stateTransitionTime;
  }
  record.state = state;
  record.stateTransitionTime = now;
}

function isSteady(state: string): boolean {
  return state === "active" || state === "disabled" || state === "completed";
}
