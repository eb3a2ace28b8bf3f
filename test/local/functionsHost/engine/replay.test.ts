import { test } from "vitest";
import { ActionType } from "../../../../src/local/functionsHost/engine/actions.ts";
import type { Action } from "../../../../src/local/functionsHost/engine/actions.ts";
import { replayActions } from "../../../../src/local/functionsHost/engine/replay.ts";
import type { ReplaySettings } from "../../../../src/local/functionsHost/engine/replaySettings.ts";
import {
  completed,
  executionStarted,
  history,
  raised,
  scheduled,
  started,
  taskCompleted,
  taskFailed,
  timerCreated,
  timerFired,
} from "./histories.ts";

const HOUR = 3_600_000;
const settings: ReplaySettings = {
  instanceId: "i",
  executionId: "e",
  maxShortTimerMs: 6 * 24 * HOUR,
  longTimerIntervalMs: 3 * 24 * HOUR,
  httpPollMs: 30_000,
  isDone: false,
  isKnown: (_kind, name) => name !== "unknown",
};

const call = (functionName: string, input?: unknown): Action => ({
  actionType: ActionType.CallActivity,
  functionName,
  input,
});
const wait = (externalEventName: string): Action => ({
  actionType: ActionType.WaitForExternalEvent,
  externalEventName,
});
const timer = (fireAt: string, isCanceled = false): Action => ({
  actionType: ActionType.CreateTimer,
  fireAt,
  isCanceled,
});
const all = (...compoundActions: Action[]): Action => ({ actionType: ActionType.WhenAll, compoundActions });
const any = (...compoundActions: Action[]): Action => ({ actionType: ActionType.WhenAny, compoundActions });
const firstTurn = [started, executionStarted];

test("the first action is decided in the first turn, the second when the first is done", ({ expect }) => {
  const actions = [call("one", { a: 1 }), call("two")];

  const first = replayActions(history(...firstTurn), actions.slice(0, 1), settings);
  const second = replayActions(
    history(...firstTurn, scheduled(0, "one", '{"a":1}'), completed, started, taskCompleted(0)),
    actions,
    settings,
  );

  expect(first.decisions).toEqual([{ id: 0, kind: "activity", name: "one", input: '{"a":1}' }]);
  expect(second.decisions).toEqual([{ id: 1, kind: "activity", name: "two", input: null }]);
  expect(second.isAtEnd).toBe(false);
});

test("children of all and any get their ids depth first", ({ expect }) => {
  const { decisions } = replayActions(
    history(...firstTurn),
    [all(call("a"), any(call("b"), call("c")), call("d"))],
    settings,
  );

  expect(decisions.map((decision) => ("name" in decision ? `${decision.id}${decision.name}` : ""))).toEqual([
    "0a",
    "1b",
    "2c",
    "3d",
  ]);
});

test("waiting for an event takes no id", ({ expect }) => {
  const { decisions } = replayActions(history(...firstTurn), [any(wait("Go"), call("a"))], settings);

  expect(decisions.map(({ id }) => id)).toEqual([0]);
});

test("all waits for every child even when one has failed", ({ expect }) => {
  const past = history(...firstTurn, scheduled(0, "a"), scheduled(1, "b"), completed, started, taskFailed(0));

  const { decisions, open } = replayActions(past, [all(call("a"), call("b")), call("cleanUp")], settings);

  expect(decisions).toEqual([]);
  expect([...open.keys()]).toEqual([1]);
});

test("an answer that comes twice counts once", ({ expect }) => {
  const past = history(...firstTurn, scheduled(0, "a"), completed, started, taskCompleted(0), taskCompleted(0));

  const { decisions, mismatch } = replayActions(past, [call("a"), call("b")], settings);

  expect(decisions.map(({ id }) => id)).toEqual([1]);
  expect(mismatch).toBeUndefined();
});

test("an answer to a question that was never asked is ignored", ({ expect }) => {
  const result = replayActions(history(...firstTurn, taskCompleted(7)), [call("a")], settings);

  expect(result.decisions).toHaveLength(1);
});

test("a cancelled timer takes its id but is not open", ({ expect }) => {
  const { decisions, open, cancelledTimers, isAtEnd } = replayActions(
    history(...firstTurn),
    [timer("2026-01-02T00:00:00.000Z", true)],
    settings,
  );

  expect(decisions).toMatchObject([{ id: 0, kind: "timer", isCancelled: true }]);
  expect([...open.keys()]).toEqual([]);
  expect([...cancelledTimers]).toEqual([0]);
  expect(isAtEnd).toBe(true);
});

test("a timer that is too long for one message is made of pieces", ({ expect }) => {
  const fireAt = "2026-01-11T00:00:00.000Z";

  const { decisions } = replayActions(history(...firstTurn), [timer(fireAt)], settings);

  expect(decisions).toMatchObject([{ id: 0, kind: "timer", fireAt: Date.parse("2026-01-04T00:00:00.000Z") }]);
});

test("the last to wait for an event is the first to get it", ({ expect }) => {
  const past = history(...firstTurn, raised("Go"));

  const { decisions } = replayActions(past, [any(wait("Go"), all(wait("Go"), wait("Stop"))), call("a")], settings);

  expect(decisions).toEqual([]);
});

test("an event that nobody waits for yet is kept", ({ expect }) => {
  const past = history(...firstTurn, scheduled(0, "a"), completed, started, raised("Go"), taskCompleted(0));

  const { decisions } = replayActions(past, [call("a"), wait("Go"), call("b")], settings);

  expect(decisions.map(({ id }) => id)).toEqual([1]);
});

test("events after the request to continue as new belong to the next generation", ({ expect }) => {
  const again: Action = { actionType: ActionType.ContinueAsNew, input: { n: 1 } };
  const past = history(...firstTurn, raised("Go", "1"), raised("Go", "2"));

  const { continueAsNew, carriedEvents } = replayActions(past, [wait("Go"), again], settings);

  expect(continueAsNew).toEqual({ input: '{"n":1}' });
  expect(carriedEvents).toEqual([{ name: "Go", input: "2" }]);
});

test("another name than in the history is a mismatch", ({ expect }) => {
  const { mismatch } = replayActions(history(...firstTurn, scheduled(0, "a")), [call("b")], settings);

  expect(mismatch).toEqual({ step: 0, recorded: 'activity "a"', replayed: 'activity "b"', isArgumentOnly: false });
});

test("a name that differs in case only is no mismatch", ({ expect }) => {
  const { mismatch } = replayActions(history(...firstTurn, scheduled(0, "A")), [call("a")], settings);

  expect(mismatch).toBeUndefined();
});

test("a timer where the history has an activity is a mismatch", ({ expect }) => {
  const { mismatch } = replayActions(
    history(...firstTurn, scheduled(0, "a")),
    [timer("2026-01-01T01:00:00.000Z")],
    settings,
  );

  expect(mismatch?.replayed).toBe("a timer for 2026-01-01T01:00:00.000Z");
});

test("a step of the history that the replay does not take is a mismatch", ({ expect }) => {
  const { mismatch } = replayActions(history(...firstTurn, scheduled(0, "a")), [wait("Go")], settings);

  expect(mismatch?.replayed).toBe("nothing");
});

test("an unknown activity is left out and named", ({ expect }) => {
  const { decisions, unknownNames } = replayActions(history(...firstTurn), [call("unknown")], settings);

  expect(decisions).toEqual([]);
  expect(unknownNames).toEqual([{ kind: "activity", name: "unknown" }]);
});

test("a retried call has a timer before each further attempt", ({ expect }) => {
  const action: Action = {
    actionType: ActionType.CallActivityWithRetry,
    functionName: "a",
    retryOptions: { firstRetryIntervalInMilliseconds: 5000, maxNumberOfAttempts: 2 },
  };
  const failedOnce = [...firstTurn, scheduled(0, "a"), completed, started, taskFailed(0)];

  const afterFailure = replayActions(history(...failedOnce), [action], settings);
  const afterTimer = replayActions(
    history(
      ...failedOnce,
      timerCreated(1, "2026-01-01T00:00:09.000Z"),
      completed,
      started,
      timerFired(1, "2026-01-01T00:00:09.000Z"),
    ),
    [action],
    settings,
  );

  expect(afterFailure.decisions).toMatchObject([
    { id: 1, kind: "timer", fireAt: Date.parse("2026-01-01T00:00:09.000Z") },
  ]);
  expect(afterTimer.decisions).toMatchObject([{ id: 2, kind: "activity", name: "a" }]);
});

test("a polled HTTP call waits as long as the answer asks", ({ expect }) => {
  const action: Action = {
    actionType: ActionType.CallHttp,
    httpRequest: { method: "POST", uri: "http://x/start", content: "{}" },
  };
  const [first] = replayActions(history(...firstTurn), [action], settings).decisions;
  const input = first?.kind === "activity" ? first.input : null;
  const answer = JSON.stringify({ statusCode: 202, headers: { location: "http://x/poll", "retry-after": "5" } });
  const polling = [
    ...firstTurn,
    scheduled(0, "BuiltIn::HttpActivity", input),
    completed,
    started,
    taskCompleted(0, answer),
  ];

  const afterAnswer = replayActions(history(...polling), [action], settings);
  const at = "2026-01-01T00:00:09.000Z";
  const afterTimer = replayActions(
    history(...polling, timerCreated(1, at), completed, started, timerFired(1, at)),
    [action],
    settings,
  );

  expect(afterAnswer.decisions).toMatchObject([{ id: 1, kind: "timer", fireAt: Date.parse(at) }]);
  expect(afterTimer.decisions).toMatchObject([
    { id: 2, kind: "activity", input: JSON.stringify({ method: "GET", uri: "http://x/poll" }) },
  ]);
});

test("ten thousand events that are awaited one after the other do not exhaust the stack", ({ expect }) => {
  const events = Array.from({ length: 10_000 }, () => raised("Go"));
  const waits = Array.from({ length: 10_000 }, () => wait("Go"));

  expect(replayActions(history(...firstTurn, ...events), waits, settings).isAtEnd).toBe(true);
});
