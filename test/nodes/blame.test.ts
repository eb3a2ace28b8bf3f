import { test } from "vitest";
import { addSeconds } from "../../src/model/time.ts";
import { FAILURES } from "../../src/model/failures.ts";
import type { Blame } from "../../src/nodes/blame.ts";
import { blameNode, mayBeTheNodes } from "../../src/nodes/blame.ts";
import type { Ledger } from "../../src/nodes/ledger.ts";
import { withNodesGone } from "../../src/nodes/ledger.ts";

const START = new Date("2026-01-01T12:00:00.000Z");

/** Failures on nodes, a minute apart. */
class Failures {
  ledger: Ledger = { schemaVersion: 1, nodes: {}, repairs: [], removal: null };
  now = START;

  on(nodeId: string, video: string, { tasksSucceeded = 7, code = "ScriptFailed" } = {}): Blame {
    this.now = addSeconds(this.now, 60);
    const { ledger, result } = blameNode(this.ledger, { nodeId, video, code, tasksSucceeded }, this.now);
    this.ledger = ledger;
    return result;
  }
}

test("a node on which three videos in a row fail must leave", ({ expect }) => {
  const failures = new Failures();

  expect(failures.on("a", "1.mp4")).toEqual({ inARow: 1, why: undefined });
  expect(failures.on("a", "2.mp4", { code: "DiskFull" })).toEqual({ inARow: 2, why: undefined });
  expect(failures.on("a", "3.mp4")).toEqual({
    inARow: 3,
    why: "3 videos in a row failed on it (ScriptFailed, DiskFull)",
  });
  expect(failures.on("a", "4.mp4")).toMatchObject({ why: undefined });
});

test("what is remembered does not grow with what fails, as when no node can reach the storage account", ({
  expect,
}) => {
  const failures = new Failures();
  const videos = Array.from({ length: 1000 }, (_, index) => `${index}.mp4`);

  for (const video of videos) for (const node of ["a", "b", "c", "d"]) failures.on(node, video);

  expect(JSON.stringify(failures.ledger).length).toBeLessThan(3_000);
});

test("a success in between clears the node", ({ expect }) => {
  const failures = new Failures();
  failures.on("a", "1.mp4");
  failures.on("a", "2.mp4");

  expect(failures.on("b", "3.mp4")).toMatchObject({ inARow: 1 });
  expect(failures.on("a", "4.mp4", { tasksSucceeded: 8 })).toMatchObject({ inARow: 1 });
});

test("one video that fails in all its attempts is no reason to blame the node", ({ expect }) => {
  const failures = new Failures();

  const blames = [1, 2, 3].map(() => failures.on("a", "1.mp4"));

  expect(blames).toEqual(blames.map(() => ({ inARow: 1, why: undefined })));
});

test("where everything fails on all nodes, two are taken out in an hour and no more", ({ expect }) => {
  const failures = new Failures();
  const blamed = (...nodes: readonly string[]) =>
    nodes.filter((node) => ["1.mp4", "2.mp4", "3.mp4"].some((video) => failures.on(node, video).why !== undefined));

  expect(blamed("a", "b", "c", "d")).toEqual(["a", "b"]);
  failures.ledger = withNodesGone(failures.ledger, ["a", "b"], failures.now);
  expect(blamed("c", "d", "e")).toEqual([]);
  failures.now = addSeconds(failures.now, 3600);
  expect(blamed("c", "d", "e")).toEqual(["c", "d"]);
});

test("only what is retried can be a node's fault", ({ expect }) => {
  const blamed = Object.entries(FAILURES).filter(([code]) => mayBeTheNodes(code));

  expect(blamed.length).toBeGreaterThan(0);
  expect(blamed.filter(([, { isRetried }]) => !isRetried)).toEqual([]);
});
