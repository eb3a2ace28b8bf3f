import { test } from "vitest";
import type { World } from "./explore.ts";
import { explore } from "./explore.ts";
import { ModelStore } from "./modelStore.ts";
import { RewindableProcess } from "./process.ts";

const A = { container: "c", name: "a" };
const B = { container: "c", name: "b" };

test("a copy and the deletion of what it copies are tried in both orders", async ({ expect }) => {
  const store = new ModelStore();
  store.write(A, { text: "a", contentType: "text/plain", metadata: {} });
  const endings: unknown[] = [];
  const world: World<ModelStore["contents"]> = {
    processes: [
      new RewindableProcess("deletes", (gate) => store.through(gate).delete(A)),
      new RewindableProcess("copies", (gate) => store.through(gate).copy(A, B, {})),
    ],
    events: [],
    eventsAreAbout: "",
    canStart: () => true,
    isPrivate: () => false,
    snapshot: () => JSON.stringify([...store.blobs]),
    save: () => store.contents,
    restore: (contents) => void (store.contents = contents),
    check: () => {},
    settle: async () => void endings.push(world.processes.map(({ state, value }) => value ?? state)),
  };

  await explore(world);

  expect(endings).toContainEqual(["ended", "copied"]);
  expect(endings).toContainEqual(["ended", "sourceChanged"]);
});
