import { test } from "vitest";
import { doAndUndo, startUndoably, undoAll } from "../../../src/local/kit/undo.ts";
import { UserError } from "../../../src/local/kit/userError.ts";

function failing(error: unknown): () => Promise<never> {
  return () => Promise.reject(error);
}

test("steps are undone one after the other, the last one first", async ({ expect }) => {
  const done: string[] = [];

  await undoAll([
    () => void done.push("first"),
    async () => {
      await new Promise((resolve) => setImmediate(resolve));
      done.push("second");
    },
  ]);

  expect(done).toEqual(["second", "first"]);
});

test("a step that fails does not keep the others from being undone, and its error is thrown as it is", async ({
  expect,
}) => {
  const done: string[] = [];
  const error = new Error("the disk is gone");

  await expect(undoAll([() => void done.push("first"), failing(error), () => void done.push("third")])).rejects.toBe(
    error,
  );

  expect(done).toEqual(["third", "first"]);
});

test("of several errors each is named", async ({ expect }) => {
  const errors = [new Error("one"), new Error("two")];

  await expect(undoAll(errors.map(failing))).rejects.toMatchObject({
    name: "AggregateError",
    message: "2 steps failed: two; one",
    errors: errors.toReversed(),
  });
});

test("what was started is stopped once, however often it is asked to", async ({ expect }) => {
  let stops = 0;
  const started = await startUndoably(async (undo) => {
    undo.push(() => void stops++);
    return { url: "http://127.0.0.1" };
  });

  await Promise.all([started.stop(), started.stop()]);
  await started.stop();

  expect(started.url).toBe("http://127.0.0.1");
  expect(stops).toBe(1);
});

test("a start that fails is undone, and its error is thrown", async ({ expect }) => {
  const done: string[] = [];
  const error = new UserError("PortTaken", "Port 1 is taken");

  const start = startUndoably(async (undo) => {
    undo.push(() => void done.push("first"));
    throw error;
  });

  await expect(start).rejects.toBe(error);
  expect(error.message).toBe("Port 1 is taken");
  expect(done).toEqual(["first"]);
});

test("when undoing a failed start fails as well, the start's error is thrown and names that", async ({ expect }) => {
  const done: string[] = [];
  const error = new UserError("PortTaken", "Port 1 is taken");

  const start = startUndoably(async (undo) => {
    undo.push(() => void done.push("first"), failing(new Error("the disk is gone")));
    throw error;
  });

  await expect(start).rejects.toBe(error);
  expect(error.message).toBe("Port 1 is taken\nCleaning up afterwards failed as well: the disk is gone");
  expect(error.stack).toContain("the disk is gone");
  expect(done).toEqual(["first"]);
});

test("the clean-up follows the work, whose result is kept", async ({ expect }) => {
  const done: string[] = [];

  const result = await doAndUndo(async () => {
    done.push("work");
    return "result";
  }, [() => void done.push("undo")]);

  expect(result).toBe("result");
  expect(done).toEqual(["work", "undo"]);
});

test("failed work is cleaned up after, and a failure to do so does not hide its error", async ({ expect }) => {
  const error = new Error("no work");

  const work = doAndUndo(failing(error), [failing(new Error("no undo"))]);

  await expect(work).rejects.toBe(error);
  expect(error.message).toBe("no work\nCleaning up afterwards failed as well: no undo");
});

test("an aborted start whose undoing fails is still an aborted one", async ({ expect }) => {
  const start = startUndoably(async (undo) => {
    undo.push(failing(new Error("the disk is gone")));
    AbortSignal.abort().throwIfAborted();
    return {};
  });

  await expect(start).rejects.toMatchObject({
    name: "AbortError",
    message: expect.stringContaining("the disk is gone"),
  });
});
