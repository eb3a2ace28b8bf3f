import type { OrchestratorState } from "../engine/actions.ts";
import type { OrchestratorAnswer } from "../engine/decide.ts";
import type { Finding } from "../engine/guards.ts";
import type { OrchestratorTrigger } from "./orchestratorTrigger.ts";
import type { DurableRunner, OrchestratorRun } from "./durableRunner.ts";

/**
 * Runs a turn of an orchestrator function twice and compares. Whatever depends on a clock, on chance or on module state
 * shows at once, not only when a history happens to contradict it.
 */
export async function replayTwice(
  runner: DurableRunner,
  instance: { readonly id: string; readonly name: string },
  createTrigger: () => OrchestratorTrigger,
): Promise<OrchestratorAnswer> {
  const first = await runner.orchestrate(instance.name, createTrigger());
  const second = await runner.repeat(instance.name, createTrigger());
  const where = `Orchestrator '${instance.name}' (instance ${instance.id})`;
  const findings: Finding[] = [];
  if (first.text !== second) {
    const message =
      `${where} is not deterministic: run twice on the same history, ${describeDifference(first, second)}. ` +
      `Take time from context.df.currentUtcDateTime, ids from context.df.newGuid, and everything else that can ` +
      `change from an activity.`;
    const finding = { code: "NonDeterministic", isFatal: true, message } as const;
    if (first.kind === "crash" || second === "") return { kind: "guard", finding };
    findings.push(finding);
  }
  if (first.kind === "crash") return first;
  if (first.jsonLoss !== undefined) {
    const { text, isGrave } = first.jsonLoss;
    const message = `${where} passes a value that does not survive JSON: ${text}. Pass plain data only.`;
    findings.push({ code: "NotJson", isFatal: isGrave, message });
  }
  const { state, error, openTasks } = first;
  return {
    kind: "state",
    state,
    findings,
    ...(error === undefined ? {} : { error }),
    ...(openTasks === undefined ? {} : { openTasks }),
  };
}

function describeDifference(run: OrchestratorRun, text: string): string {
  if (run.kind === "crash" || text === "") return "it failed once but not the other time";
  const first = run.state;
  const second = JSON.parse(text) as OrchestratorState;
  const [one = [], other = []] = [first.actions[0], second.actions[0]];
  const length = Math.max(one.length, other.length);
  for (let index = 0; index < length; index++) {
    const [before, after] = [JSON.stringify(one[index]), JSON.stringify(other[index])];
    if (before !== after) return `its action ${index} was ${shorten(before)} and then ${shorten(after)}`;
  }
  for (const key of ["customStatus", "output", "error", "isDone"] as const) {
    const [before, after] = [JSON.stringify(first[key]), JSON.stringify(second[key])];
    if (before !== after) return `its ${key} was ${shorten(before)} and then ${shorten(after)}`;
  }
  return "its answers differ";
}

function shorten(text: string | undefined): string {
  if (text === undefined) return "nothing";
  return text.length <= 200 ? text : `${text.slice(0, 197)}...`;
}
