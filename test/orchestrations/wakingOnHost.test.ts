import fc from "fast-check";
import { test } from "vitest";
import { TASK_ENDED_EVENT } from "../../src/model/conversion.ts";
import { convertBlob } from "../../src/orchestrations/convertBlob.ts";
import { START_TIME, openTestHub } from "../local/functionsHost/durable/testHub.ts";
import { completed, converting, record, source, submission, waiting, workload } from "./conversion.ts";

const ID = "0123456789abcdef0123456789abcdef";
const HOUR = 3600;

interface Course {
  /** When the task gets its node and when it ends, in seconds from the start. */
  readonly begins: number;
  readonly ends: number;
  /** When the app is told of a report. */
  readonly told: readonly number[];
}

/** The real orchestrator in our own host with the real SDK, both on a clock that jumps from timer to timer. */
async function convert({ begins, ends, told }: Course) {
  let looks = 0;
  let publishedAt = Infinity;
  const seconds = (): number => (test.clock.now() - START_TIME) / 1000;
  const startedAt = new Date(START_TIME + begins * 1000).toISOString();
  const endless = {
    waitingSeconds: 1000 * HOUR,
    convertingSeconds: 1000 * HOUR,
    accessUntil: "2027-01-01T00:00:00.000Z",
  };
  const test = openTestHub({
    orchestrations: { convertBlob },
    activities: {
      submitTask: () => ({
        status: "submitted",
        submission: { ...submission, ...endless, submittedAt: new Date(START_TIME).toISOString() },
      }),
      readTask: () => {
        looks++;
        if (seconds() < begins) return waiting;
        return seconds() < ends ? converting(50, startedAt) : { state: "completed", completed };
      },
      publish: () => {
        publishedAt = seconds();
        return { status: "published", record };
      },
    },
  });
  test.start(ID, "convertBlob", { workload, source });
  for (const at of told) test.clock.after(at * 1000, () => test.raise(ID, TASK_ENDED_EVENT, {}));
  await test.settle();
  const { status, history } = test.instance(ID);
  test.close();
  return { status, output: test.output(ID) as unknown, looks, publishedAt, historyEvents: history.length };
}

test("the result of a task that is told of is published when it ends, and takes no longer a history", async ({
  expect,
}) => {
  const course = { begins: 600, ends: 600 + HOUR };

  const alone = await convert({ ...course, told: [] });
  const told = await convert({ ...course, told: [600 + HOUR] });

  expect(told.publishedAt).toBe(600 + HOUR);
  expect(alone.publishedAt).toBeGreaterThan(600 + HOUR);
  expect(told.looks).toBe(alone.looks);
  expect(told.historyEvents).toBeLessThanOrEqual(alone.historyEvents);
});

test("whenever reports are told of, however often or never, the result is published once, and not late", async ({
  expect,
}) => {
  const time = fc.integer({ min: 1, max: HOUR / 3 });
  const course = fc
    .tuple(time, time, fc.array(fc.integer({ min: 0, max: HOUR }), { maxLength: 4 }))
    .map(([begins, lasts, told]): Course => ({ begins, ends: begins + lasts, told }));
  const check = async (given: Course): Promise<void> => {
    const { status, output, publishedAt } = await convert(given);

    expect({ status, output }).toMatchObject({ status: "Completed", output: { outcome: "succeeded" } });
    const first = Math.min(...given.told.filter((at) => at >= given.ends));
    expect(publishedAt).toBeGreaterThanOrEqual(given.ends);
    expect(publishedAt).toBeLessThanOrEqual(first);
    expect(publishedAt).toBeLessThanOrEqual(given.ends + 900);
  };
  await fc.assert(fc.asyncProperty(course, check), { numRuns: 8 });
});
