import type { Run, Scenario } from "./publishingRuns.ts";

const ACTIVITIES = ["publish", "recordFailure"] as const;
const SAME_VERSION = [
  ["publish", "publish"],
  ["publish", "recordFailure"],
  ["recordFailure", "recordFailure"],
] as const;
const BEFORE: readonly (Run | undefined)[] = [undefined, { activity: "publish", version: "A" }];

/** Any two runs of one or two versions of a video, with what may have been before and what may become of the video. */
export const SCENARIOS: readonly Scenario[] = BEFORE.flatMap((before) => {
  const past = before === undefined ? {} : { before };
  const sameVersion = SAME_VERSION.flatMap(([first, second]) =>
    [[], ["upload"], ["delete"]].map((events) => ({
      ...past,
      input: "B" as const,
      runs: [
        { activity: first, version: "B" },
        { activity: second, version: "B" },
      ] as const,
      events: events as Scenario["events"] & object,
    })),
  );
  const twoVersions = ACTIVITIES.flatMap((first) =>
    ACTIVITIES.flatMap((second) =>
      [["upload"], ["upload", "delete"]].map((events) => ({
        ...past,
        input: "B" as const,
        runs: [
          { activity: first, version: "B" },
          { activity: second, version: "C" },
        ] as const,
        events: events as Scenario["events"] & object,
      })),
    ),
  );
  const twoAttempts = ACTIVITIES.flatMap((first) =>
    ACTIVITIES.map((second) => ({
      ...past,
      input: "B" as const,
      runs: [
        { activity: first, version: "B", attempt: 1 },
        { activity: second, version: "B", attempt: 2 },
      ] as const,
    })),
  );
  const wrongClocks = twoVersions
    .filter(({ events }) => !events.includes("delete"))
    .map((scenario) => ({ ...scenario, areClocksWrong: true }));
  const logs = {
    ...past,
    input: "B" as const,
    runs: [
      { activity: "recordFailure", version: "B" },
      { activity: "recordFailure", version: "B" },
    ] as const,
    isAboutLogs: true,
  };
  return [...sameVersion, ...twoVersions, ...twoAttempts, ...wrongClocks, logs];
});
