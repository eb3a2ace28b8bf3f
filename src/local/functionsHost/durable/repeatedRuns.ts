import type { Clock } from "../../kit/clock.ts";
import type { HubFaults } from "./hubFaults.ts";

interface RunEvents<Result> {
  readonly onResult: (result: Result) => void;
  /** What overlapping runs of an activity do. */
  readonly onOverlap: (what: "runs twice at once" | "was overtaken by its second run") => void;
}

/** Runs an activity once, or as often as the faults want. Resolves when all its runs have ended. */
export async function runAsOften<Result>(
  { executeActivitiesTwice, redeliverActivitiesAfterMs }: HubFaults,
  clock: Clock,
  run: () => Promise<Result>,
  { onResult, onOverlap }: RunEvents<Result>,
): Promise<void> {
  const first = run();
  if (redeliverActivitiesAfterMs !== undefined && (await isSlow(first, redeliverActivitiesAfterMs, clock))) {
    onOverlap("runs twice at once");
    let isOvertaken = false;
    const second = run().then((result) => {
      isOvertaken = true;
      onResult(result);
    });
    const late = first.then((result) => {
      if (isOvertaken) onOverlap("was overtaken by its second run");
      onResult(result);
    });
    await Promise.all([late, second]);
  } else {
    const result = await first;
    onResult(executeActivitiesTwice === true ? await run() : result);
  }
}

function isSlow(run: Promise<unknown>, afterMs: number, clock: Clock): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(afterMs, () => resolve(true));
    run.then(() => {
      cancel();
      resolve(false);
    }, reject);
  });
}
