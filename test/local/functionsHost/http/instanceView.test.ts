import { test } from "vitest";
import { EventType } from "../../../../src/local/functionsHost/engine/history.ts";
import type { EventBody } from "../../../../src/local/functionsHost/engine/history.ts";
import type { Instance } from "../../../../src/local/functionsHost/engine/instance.ts";
import { viewInstance } from "../../../../src/local/functionsHost/http/instanceView.ts";
import { executionStarted, history, raised, scheduled, started, taskCompleted } from "../engine/histories.ts";

const SUB = {
  EventType: EventType.SubOrchestrationInstanceCreated,
  Name: "sub",
  Version: "",
  InstanceId: "i:s",
  Input: "2",
};
const instance: Instance = {
  id: "i",
  name: "orchestrator",
  version: "",
  executionId: "e",
  input: "{}",
  parent: null,
  status: "Running",
  customStatus: null,
  output: null,
  createdAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
  history: history(
    started,
    { ...(executionStarted as object), Input: '{"in":1}' } as EventBody,
    { ...scheduled(0, "echo", '["x"]') },
    taskCompleted(0, "5"),
    { ...SUB, id: 1 },
    { EventType: EventType.SubOrchestrationInstanceCompleted, TaskScheduledId: 1, Result: "6" },
    raised("go", '{"z":1}'),
    scheduled(2, "slow", '["y"]'),
  ),
  cancelledTimers: [],
  inbox: [],
};

function eventsOf(showInput: boolean): readonly object[] {
  const { historyEvents } = viewInstance(instance, { showHistory: true, showHistoryOutput: true, showInput }) as {
    historyEvents: readonly object[];
  };
  return historyEvents;
}

test("a history shows what was put in where it is asked for, and nothing of activities, as with Azure Storage", ({
  expect,
}) => {
  expect(eventsOf(true)).toMatchObject([
    { EventType: "ExecutionStarted", FunctionName: "orchestrator", Input: '{"in":1}' },
    { EventType: "TaskCompleted", FunctionName: "echo", Result: 5, Input: null },
    { EventType: "SubOrchestrationInstanceCompleted", FunctionName: "sub", Result: 6, InstanceId: "i:s", Input: null },
    { EventType: "EventRaised", Name: "go", Input: '{"z":1}' },
    { EventType: "TaskScheduled", Name: "slow", Input: null },
  ]);
});

test("it does not where it is not asked for", ({ expect }) => {
  expect(eventsOf(false).filter((event) => "Input" in event)).toEqual([]);
});
