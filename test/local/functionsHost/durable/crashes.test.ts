import fc from "fast-check";
import { test } from "vitest";
import { VirtualClock } from "../../../../src/local/kit/virtualClock.ts";
import { programFunctions, programs } from "./randomPrograms.ts";
import type { Program } from "./randomPrograms.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";
import { START_TIME, openTestHub } from "./testHub.ts";
import type { TestHub } from "./testHub.ts";

interface Trouble {
  /** After so many commits the hub dies, once for each number. */
  readonly crashes: readonly { readonly afterCommits: number; readonly when: "before" | "after" }[];
  readonly deliverTwice: boolean;
  readonly executeActivitiesTwice: boolean;
}

const NO_TROUBLE: Trouble = { crashes: [], deliverTwice: false, executeActivitiesTwice: false };

const troubles: fc.Arbitrary<Trouble> = fc.record({
  crashes: fc.array(
    fc.record({
      afterCommits: fc.integer({ min: 1, max: 12 }),
      when: fc.constantFrom("before" as const, "after" as const),
    }),
    { maxLength: 5 },
  ),
  deliverTwice: fc.boolean(),
  executeActivitiesTwice: fc.boolean(),
});

/** Runs a program, restarting after each crash from what is on disk, and gives its final state. */
async function run(program: Program, { crashes, ...options }: Trouble): Promise<object> {
  const folder = temporaryFolder();
  const clock = new VirtualClock(START_TIME);
  const functions = programFunctions();
  for (const crash of [...crashes, undefined]) {
    let commits = 0;
    const onCommit = (when: "before" | "after"): void => {
      if (when === "before") commits++;
      if (commits === crash?.afterCommits && when === crash.when) throw new Error("crash");
    };
    let hub: TestHub | undefined;
    try {
      hub = openTestHub({ ...functions, folder, clock, faults: { ...options, onCommit } });
      const isKnown = hub.hub.state.instances.summary("main") !== undefined;
      if (!isKnown) hub.start("main", "program", { steps: program, results: [] });
      await hub.settle();
      while (hub.instance("main").status === "Running") {
        hub.raise("main", "Go", "went");
        await hub.settle();
      }
      const { status, output, customStatus } = hub.instance("main");
      return { status, output, customStatus };
    } catch (error) {
      if ((error as Error).message !== "crash") throw error;
    } finally {
      hub?.close();
    }
  }
  throw new Error("It did not end");
}

test("crashes and double deliveries change nothing about how an orchestration ends", async ({ expect }) => {
  await fc.assert(
    fc.asyncProperty(programs, troubles, async (program, trouble) => {
      const undisturbed = await run(program, NO_TROUBLE);

      expect(undisturbed).toMatchObject({ status: "Completed" });
      expect(await run(program, trouble)).toEqual(undisturbed);
    }),
    { numRuns: 40 },
  );
});
