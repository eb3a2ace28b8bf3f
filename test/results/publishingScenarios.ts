import type { Run, Scenario, Version } from "./publishingRuns.ts";

type Activity = Run["activity"];

const ACTIVITIES = ["publish", "recordFailure"] as const;
const SAME_VERSION = [
  ["publish", "publish"],
  ["publish", "recordFailure"],
  ["recordFailure", "recordFailure"],
] as const;
const EVENTS_OF_ONE_VERSION = [[], ["upload"], ["delete"]] as const;
const EVENTS_OF_TWO_VERSIONS = [["upload"], ["upload", "delete"]] as const;
const BEFORE: readonly (Run | undefined)[] = [undefined, { activity: "publish", version: "A" }];

/** Any two runs of one or two versions of a video, with what may have been before and what may become of the video. */
export const SCENARIOS: readonly Scenario[] = BEFORE.flatMap((before) => {
  const start = { ...(before && { before }), input: "B" as const };
  const sameVersion = SAME_VERSION.flatMap(([first, second]) =>
    EVENTS_OF_ONE_VERSION.map((events): Scenario => ({ ...start, runs: pair(first, "B", second, "B"), events })),
  );
  const twoVersions = ACTIVITIES.flatMap((first) =>
    ACTIVITIES.flatMap((second) =>
      EVENTS_OF_TWO_VERSIONS.map((events): Scenario => ({ ...start, runs: pair(first, "B", second, "C"), events })),
    ),
  );
  const twoAttempts = ACTIVITIES.flatMap((first) =>
    ACTIVITIES.map((second): Scenario => {
      const [earlier, later] = pair(first, "B", second, "B");
      return { ...start, runs: [earlier, { ...later, attempt: 2 }] };
    }),
  );
  const wrongClocks = twoVersions
    .filter(({ events }) => !events?.includes("delete"))
    .map((scenario) => ({ ...scenario, areClocksWrong: true }));
  const logs = SAME_VERSION.map(([first, second]): Scenario => ({
    ...start,
    runs: pair(first, "B", second, "B"),
    isAboutLogs: true,
  }));
  return [...sameVersion, ...twoVersions, ...twoAttempts, ...wrongClocks, ...logs];
}).concat(
  // A run that takes nothing to be there meets only a record, and a log.
  ACTIVITIES.map((second): Scenario => {
    const before: Run = { activity: "recordFailure", version: "A" };
    return { before, input: "B", runs: pair("publish", "B", second, "C"), events: ["upload"] };
  }),
);

function pair(first: Activity, firstVersion: Version, second: Activity, secondVersion: Version): Scenario["runs"] {
  return [
    { activity: first, version: firstVersion },
    { activity: second, version: secondVersion },
  ];
}
