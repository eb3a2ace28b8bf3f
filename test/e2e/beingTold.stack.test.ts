import { readFileSync } from "node:fs";
import { QueueServiceClient } from "@azure/storage-queue";
import { parseBuffer } from "music-metadata";
import { afterAll, beforeAll, test, vi } from "vitest";
import type { ConversionEvent } from "../../src/model/conversionEvent.ts";
import { sign } from "../../src/webhook/signature.ts";
import type { Receiver } from "../webhook/receiver.ts";
import { startReceiver } from "../webhook/receiver.ts";
import { StackUnderTest } from "./stackUnderTest.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { PATIENCE_MS } from "../patience.ts";

const SAMPLE = readFileSync("test/fixtures/media/sample.mp4");
/** A black pixel as a PNG. */
const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==",
  "base64",
);
const SECRET = `whsec_${Buffer.alloc(32, "k").toString("base64")}`;
const PATIENCE = { timeout: PATIENCE_MS, interval: 50 };

let receiver: Receiver;
let stack: StackUnderTest;

beforeAll(async () => {
  receiver = await startReceiver();
  stack = await StackUnderTest.start({
    NOTIFY_QUEUE: "conversions",
    NOTIFY_URL: receiver.url,
    NOTIFY_SECRET: SECRET,
  });
});
afterAll(async () => {
  await stack?.stop();
  await receiver?.close();
});

function ended(events: readonly ConversionEvent[], id: string): ConversionEvent[] {
  return events.filter((event) => event.id === `${id}-1`);
}

/** What the receiver got, with whether it is signed by us. */
function posted(): (ConversionEvent & { readonly isSigned: boolean })[] {
  return receiver.received.map(({ headers, body }) => {
    const sentAt = new Date(Number(headers["webhook-timestamp"]) * 1000);
    const expected = sign(SECRET, String(headers["webhook-id"]), sentAt, body);
    return {
      ...(JSON.parse(body) as ConversionEvent),
      isSigned: headers["webhook-signature"] === expected["webhook-signature"],
    };
  });
}

async function queued(): Promise<ConversionEvent[]> {
  const queue = QueueServiceClient.fromConnectionString(stack.storageConnection).getQueueClient("conversions");
  const { peekedMessageItems } = await queue.peekMessages({ numberOfMessages: 32 });
  return peekedMessageItems.map(
    ({ messageText }) => JSON.parse(Buffer.from(messageText, "base64").toString()) as ConversionEvent,
  );
}

/** Waits until both have been told of this end. */
function told(id: string): Promise<{ posts: ReturnType<typeof posted>; messages: ConversionEvent[] }> {
  return vi.waitFor(async () => {
    const posts = posted().filter((event) => event.id === `${id}-1`);
    const messages = ended(await queued(), id);
    if (posts.length === 0 || messages.length === 0) throw new Error(`Nobody was told of the end of ${id}`);
    return { posts, messages };
  }, PATIENCE);
}

test("a wrong option fails the conversion before it has a task, and the corrected metadata convert the file anew; each end is told", async ({
  expect,
}) => {
  const wrong = await stack.upload("talk.mp4", SAMPLE, mp3, { mp3drop_bitrat: "64" });
  const failed = await stack.recordOf("talk.mp4", wrong);
  expect(failed).toMatchObject({
    status: "failed",
    error: {
      code: "BadOptions",
      message: "There is no option mp3drop_bitrat: did you mean mp3drop_bitrate?",
      hint: expect.stringMatching(/\w/),
    },
    attempts: 1,
    batch: null,
    options: null,
  });

  const right = await stack.setMetadata("talk.mp4", { mp3drop_bitrate: "64", mp3drop_audio_language: "fra" });
  const succeeded = await stack.recordOf("talk.mp4", right);
  expect(succeeded).toMatchObject({
    status: "succeeded",
    options: { bitrate: 64, quality: null, mono: false, language: "fra", loudness: null, start: null, end: null },
  });

  // The frame with the title is not counted out.
  expect(Math.abs(Number(succeeded.output?.["bitrateKbps"]) - 64)).toBeLessThan(3);

  const [endOfWrong, endOfRight] = [await told(wrong), await told(right)];
  expect(endOfWrong.messages).toMatchObject([{ type: "mp3drop.conversion.failed", data: failed }]);
  expect(endOfWrong.posts).toMatchObject([{ ...endOfWrong.messages[0], isSigned: true }]);
  expect(endOfRight.messages).toMatchObject([{ type: "mp3drop.conversion.succeeded", subject: "talk.mp4" }]);
  expect(endOfRight.posts).toMatchObject([{ data: succeeded, isSigned: true }]);
});

test("a file is converted by its options, with the cover that lies beside it", async ({ expect }) => {
  await stack.overwrite("input", "films/cover.png", PICTURE);
  const id = await stack.upload("films/part.mp4", SAMPLE, mp3, {
    mp3drop_quality: "2",
    mp3drop_mono: "true",
    mp3drop_loudness: "-20",
    mp3drop_start: "0.5",
    mp3drop_end: "0:02.500",
  });

  expect(await stack.recordOf("films/part.mp4", id)).toMatchObject({
    status: "succeeded",
    options: { bitrate: null, quality: 2, mono: true, language: null, loudness: -20, start: 0.5, end: 2.5 },
  });
  const { format, common } = await parseBuffer(await stack.download("output", "films/part.mp3"), "audio/mpeg", {
    duration: true,
  });
  expect(format).toMatchObject({ numberOfChannels: 1, codecProfile: expect.stringMatching(/^V/) as string });
  expect(format.duration).toBeCloseTo(2, 0);
  expect(common.picture).toHaveLength(1);
});

test("whoever is being told while everything stops is told after the restart, with the same id", async ({ expect }) => {
  receiver.answerAbout("again.mp4", null);
  const id = await stack.upload("again.mp4", SAMPLE);
  const posts = (): string[] =>
    posted()
      .filter(({ subject }) => subject === "again.mp4")
      .map((event) => event.id);
  await vi.waitFor(() => expect(posts()).not.toHaveLength(0), PATIENCE);

  stack = await stack.restart({});

  await vi.waitFor(() => expect(posts().length).toBeGreaterThan(1), PATIENCE);
  expect(await stack.recordOf("again.mp4", id)).toMatchObject({ status: "succeeded", attempts: 1 });
  expect(new Set(posts())).toEqual(new Set([`${id}-1`]));
});

test("who refuses for good is noted in the record", async ({ expect }) => {
  receiver.answerAbout("refused.mp4", { status: 410 });
  const id = await stack.upload("refused.mp4", SAMPLE);

  await vi.waitFor(async () => {
    expect(await stack.recordOf("refused.mp4", id)).toMatchObject({
      status: "succeeded",
      notifications: [{ channel: "webhook", status: "refused", httpStatus: 410 }],
    });
  }, PATIENCE);
});

test("no secret of the receiver gets into a history, a record or a log", ({ expect }) => {
  for (const file of stack.filesOfHostAndLogs()) {
    expect(file.includes("code=hush")).toBe(false);
    expect(file.includes(SECRET)).toBe(false);
  }
});
