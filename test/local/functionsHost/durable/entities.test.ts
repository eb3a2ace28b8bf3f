import * as df from "durable-functions";
import type { EntityHandler } from "durable-functions";
import { test } from "vitest";
import { openTestHub } from "./testHub.ts";

const counter: EntityHandler<never> = (context) => {
  const value = (context.df.getState(() => 0 as never) ?? 0) as number;
  if (context.df.operationName === "add") context.df.setState((value + Number(context.df.getInput())) as never);
  else if (context.df.operationName === "get") context.df.return(value);
  else if (context.df.operationName === "forward") {
    context.df.signalEntity(new df.EntityId("counter", "other"), "add", 5);
  } else throw new Error("no such operation");
};

test("an orchestration signals an entity and reads its state", async ({ expect, onTestFinished }) => {
  const id = new df.EntityId("Counter", "one");
  const hub = openTestHub({
    entities: { Counter: counter },
    orchestrations: {
      *count(context) {
        context.df.signalEntity(id, "add", 2);
        context.df.signalEntity(id, "add", 3);
        return yield context.df.callEntity(id, "get");
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "count");
  await hub.settle();

  expect(hub.output("a")).toBe(5);
  expect(hub.hub.state.entities.get("@counter@one")).toMatchObject({ exists: true, state: "5", inbox: [] });
});

test("an entity signals another one", async ({ expect, onTestFinished }) => {
  const hub = openTestHub({ entities: { counter } });
  onTestFinished(hub.close);

  hub.hub.deliver({
    to: "@counter@one",
    message: { type: "operation", id: "1", operation: "forward", input: null, isSignal: true },
  });
  await hub.settle();

  expect(hub.hub.state.entities.get("@counter@other")?.state).toBe("5");
});

test("a failed operation fails the call", async ({ expect, onTestFinished }) => {
  const hub = openTestHub({
    entities: { counter },
    orchestrations: {
      *count(context) {
        try {
          yield context.df.callEntity(new df.EntityId("counter", "one"), "explode");
        } catch {
          return "caught";
        }
        return "not caught";
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "count");
  await hub.settle();

  expect(hub.output("a")).toBe("caught");
});

test("an operation on an entity that the app does not register is reported", async ({ expect, onTestFinished }) => {
  const hub = openTestHub({ entities: { counter } });
  onTestFinished(hub.close);

  hub.hub.deliver({
    to: "@typo@one",
    message: { type: "operation", id: "1", operation: "add", input: "1", isSignal: true },
  });
  await hub.settle();

  expect(hub.log.join("\n")).toContain('there is no entity function "typo"');
});
