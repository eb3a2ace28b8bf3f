import { resolve } from "node:path";
import { test } from "vitest";
import { markActivityError } from "../../src/model/activityError.ts";
import { CANCEL_EVENT } from "../../src/model/conversion.ts";
import { failureOf } from "../../src/model/failures.ts";
import { EventType } from "../../src/local/functionsHost/engine/history.ts";
import { ORCHESTRATION_VERSION } from "../../src/orchestrations/contract.ts";
import { convertBlob } from "../../src/orchestrations/convertBlob.ts";
import { START_TIME, openTestHub } from "../local/functionsHost/durable/testHub.ts";
import type { Replies } from "./drive.ts";
import {
  batchError,
  completed,
  converting,
  done,
  facts,
  failureRecord,
  record as endRecord,
  replies,
  source,
  storageError,
  submission,
  waitingBehind,
  workload,
} from "./conversion.ts";

const ID = "0123456789abcdef0123456789abcdef";
const RECORDED = `test/fixtures/orchestration/version-${ORCHESTRATION_VERSION}`;
const WHAT_TO_DO =
  `The orchestration no longer does what version ${ORCHESTRATION_VERSION} of it has recorded, so a conversion that runs ` +
  `while the app is upgraded could not be replayed. Raise ORCHESTRATION_VERSION in src/orchestrations/contract.ts, delete ` +
  `${RECORDED} and run this test again: it records the new version.`;

function at(seconds: number): string {
  return new Date(START_TIME + seconds * 1000).toISOString();
}

const submittedFor = (accessSeconds: number, renewal?: number) => ({
  status: "submitted",
  submission: {
    ...submission,
    submittedAt: at(0),
    accessUntil: at(accessSeconds),
    ...(renewal !== undefined && { renewal }),
  },
});
const submitted = submittedFor(1_000_000);
const broken = { ...completed, succeeded: false, exitCode: 1 };
const failure = failureOf("NodeLost", "it is gone");
const rejected = { status: "rejected", failure: failureOf("UploadFailed", "the node was full") } as const;

/** Between them they go through every stage, and every way from one to another. */
const COURSES: Readonly<Record<string, { readonly replies: Replies; readonly cancelAtSeconds?: number }>> = {
  // It waits, converts, and is published after a refusal.
  published: {
    replies: {
      submitTask: [batchError("read pool x: no", "AuthenticationFailed", 401), submitted],
      readTask: [waitingBehind(2), waitingBehind(null), converting(10), converting(60), done],
      publish: [storageError("copy it"), storageError("copy it"), { status: "copying" }, { status: "published" }],
      ensureLayout: [null, null],
    },
  },
  // The look that finds its task completed publishes it.
  publishedAtOnce: {
    replies: {
      submitTask: [submitted],
      readTask: [{ ...done, published: { status: "published", record: endRecord } }],
    },
  },
  // It fails three times, on a node, and is recorded after a refusal.
  failed: {
    replies: {
      submitTask: [submitted, submitted, submitted],
      readTask: [
        { state: "lost", reason: failure.message },
        { state: "completed", completed: broken },
        { ...done, published: rejected },
      ],
      publish: [rejected],
      recordFailure: [
        storageError("write it"),
        storageError("write it"),
        { status: "recorded", record: failureRecord },
      ],
      ensureLayout: [null],
      noteNodeFailure: [{ warning: null }, { warning: null }],
    },
  },
  // While it waits; its task ends after a refusal.
  cancelled: {
    cancelAtSeconds: 100,
    replies: {
      submitTask: [submitted],
      readTask: Array.from({ length: 20 }, () => waitingBehind(7)),
      recordFailure: [{ status: "recorded", record: failureRecord }],
      endTasks: [batchError("end it"), batchError("end it"), null],
    },
  },
  // It waits for half a day, continues as new, and its task gets fresh access.
  renewed: {
    replies: {
      submitTask: [submittedFor(43_200), submittedFor(1_000_000, 1)],
      readTask: [...Array.from({ length: 63 }, (_, index) => waitingBehind(200 - index)), done],
    },
  },
};

/** What it asked for in its last generation, in order, and what that one began with. */
async function record({ replies: given, cancelAtSeconds }: (typeof COURSES)[string]): Promise<unknown> {
  const left = new Map(
    Object.entries(replies(given)).map(([name, answers]) => [name, [...(answers as readonly unknown[])]]),
  );
  const activities = Object.fromEntries(
    [...left, ["noteNodeFailure", []] as const].map(([name]) => [
      name,
      (): unknown => {
        const reply = left.get(name)?.shift();
        if (reply === undefined) throw new Error(`The test has no reply for another ${name}`);
        if (reply instanceof Error) throw markActivityError(reply);
        return reply;
      },
    ]),
  );
  const hub = openTestHub({ orchestrations: { convertBlob }, activities });
  const start = { workload, source, facts, version: ORCHESTRATION_VERSION, patienceSeconds: 86_400 };
  hub.start(ID, "convertBlob", start);
  if (cancelAtSeconds !== undefined) {
    hub.clock.after(cancelAtSeconds * 1000, () => hub.raise(ID, CANCEL_EVENT, {}));
  }
  await hub.settle();
  const { status, input, history } = hub.instance(ID);
  hub.close();
  const asked = history.flatMap((event) => {
    if (event.EventType === EventType.TaskScheduled) return { activity: event.Name, input: parse(event.Input) };
    if (event.EventType === EventType.TimerCreated) return { timer: event.FireAt };
    return [];
  });
  return { status, input: parse(input), asked };
}

function parse(json: string | null): unknown {
  return JSON.parse(json ?? "null");
}

test.for(Object.entries(COURSES))(
  "the orchestration does what this version of it has always done, or has a new version: %s",
  async ([name, course], { expect }) => {
    const recorded = `${JSON.stringify(await record(course), null, 2)}\n`;

    await expect(recorded, WHAT_TO_DO).toMatchFileSnapshot(resolve(RECORDED, `${name}.json`));
  },
);
