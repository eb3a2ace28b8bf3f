import { test } from "vitest";
import type { NoteUntoldInput } from "../../src/activities/noteUntold.ts";
import type { NotifyInput, NotifyOutput } from "../../src/activities/notify.ts";
import { markActivityError } from "../../src/model/activityError.ts";
import type { Channel, ConversionRecord } from "../../src/model/conversion.ts";
import { ConflictError } from "../../src/model/errors.ts";
import { tellEnd } from "../../src/orchestrations/tellEnd.ts";
import type { TestHub } from "../local/functionsHost/durable/testHub.ts";
import { START_TIME, openTestHub } from "../local/functionsHost/durable/testHub.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

const ID = "told-0123456789abcdef0123456789abcdef-1";
const RECORD = { conversionId: "0123456789abcdef0123456789abcdef", attempts: 1, status: "failed" } as ConversionRecord;
const HOUR = 3600;

type Failed = NotifyOutput["failed"][number];

const away = (channel: Channel, retryAfterSeconds = 0): Failed => ({
  channel,
  status: "unavailable",
  httpStatus: 503,
  reason: "NOTIFY_URL answered 503",
  retryAfterSeconds,
});
const refused = (channel: Channel): Failed => ({ ...away(channel), status: "refused", httpStatus: 410 });

/** The orchestration in our own host with the real SDK. Each try is answered with one of these, the later ones with the last. */
class Telling {
  readonly tried: { readonly atSeconds: number; readonly channels: readonly Channel[] }[] = [];
  readonly notes: NoteUntoldInput[] = [];
  /** What the attempts to write the record throw. */
  readonly noteErrors: Error[] = [];
  readonly #answers: (readonly Failed[] | Error)[];
  readonly #folder = temporaryFolder();
  #hub: TestHub;

  constructor(channels: readonly Channel[], ...answers: (readonly Failed[] | Error)[]) {
    this.#answers = answers;
    this.#hub = this.#open();
    this.#hub.start(ID, "tellEnd", { record: RECORD, channels });
  }

  /** As a crash does; the clock goes on where it was. */
  async restartDuringFirstPause(): Promise<void> {
    await this.#hub.idle();
    this.#hub.close();
    this.#hub = this.#open(this.#hub.clock);
  }

  async end() {
    await this.#hub.settle();
    const { status, history } = this.#hub.instance(ID);
    const output = this.#hub.output(ID);
    this.#hub.close();
    return { status, output, historyEvents: history.length };
  }

  #open(clock?: TestHub["clock"]): TestHub {
    return openTestHub({
      folder: this.#folder,
      ...(clock && { clock }),
      orchestrations: { tellEnd },
      activities: {
        notify: ({ channels }: NotifyInput): NotifyOutput => {
          this.tried.push({ atSeconds: (this.#hub.clock.now() - START_TIME) / 1000, channels });
          const [answer = []] = this.#answers.length > 1 ? this.#answers.splice(0, 1) : this.#answers;
          if (answer instanceof Error) throw markActivityError(answer);
          return { failed: answer };
        },
        noteUntold: (note: NoteUntoldInput): null => {
          const error = this.noteErrors.shift();
          if (error !== undefined) throw markActivityError(error);
          this.notes.push(note);
          return null;
        },
      },
    });
  }
}

test("who takes the message is told once, and nothing is noted", async ({ expect }) => {
  const telling = new Telling(["queue", "webhook"], []);

  expect(await telling.end()).toMatchObject({ status: "Completed", output: [] });
  expect(telling.tried).toEqual([{ atSeconds: 0, channels: ["queue", "webhook"] }]);
  expect(telling.notes).toEqual([]);
});

test("who is away is told later, and nobody else again", async ({ expect }) => {
  const telling = new Telling(["queue", "webhook"], [away("webhook")], [away("webhook")], []);

  expect(await telling.end()).toMatchObject({ status: "Completed", output: [] });
  expect(telling.tried).toEqual([
    { atSeconds: 0, channels: ["queue", "webhook"] },
    { atSeconds: 10, channels: ["webhook"] },
    { atSeconds: 70, channels: ["webhook"] },
  ]);
  expect(telling.notes).toEqual([]);
});

test("who asks to be left alone is", async ({ expect }) => {
  const telling = new Telling(["webhook"], [away("webhook", 120)], []);
  await telling.end();

  expect(telling.tried.map(({ atSeconds }) => atSeconds)).toEqual([0, 120]);
});

test("who is away for a day is given up after eight tries, and the record says so", async ({ expect }) => {
  const telling = new Telling(["webhook"], [away("webhook")]);

  const { status, output, historyEvents } = await telling.end();
  expect(status).toBe("Completed");
  expect(telling.tried.map(({ atSeconds }) => atSeconds / HOUR)).toEqual(
    [0, 10, 70, 370, 2170, 9370, 30_970, 74_170].map((seconds) => seconds / HOUR),
  );
  const untold = [
    {
      channel: "webhook",
      status: "givenUp",
      httpStatus: 503,
      reason: "NOTIFY_URL answered 503",
      at: new Date(START_TIME + 74_170_000).toISOString(),
    },
  ];
  expect(output).toEqual(untold);
  expect(telling.notes).toEqual([{ record: RECORD, untold }]);
  expect(historyEvents).toBeLessThan(10);
});

test("who refuses for good is not asked again, and the others are all the same", async ({ expect }) => {
  const telling = new Telling(["queue", "webhook"], [away("queue"), refused("webhook")], []);
  await telling.end();

  expect(telling.tried.map(({ channels }) => channels)).toEqual([["queue", "webhook"], ["queue"]]);
  expect(telling.notes).toMatchObject([{ untold: [{ channel: "webhook", status: "refused", httpStatus: 410 }] }]);
});

test("a restart of the host while somebody is away loses nothing", async ({ expect }) => {
  const telling = new Telling(["webhook"], [away("webhook")], []);
  await telling.restartDuringFirstPause();

  expect(await telling.end()).toMatchObject({ status: "Completed", output: [] });
  expect(telling.tried.map(({ atSeconds }) => atSeconds)).toEqual([0, 10]);
});

test("a failure of our own counts as if everybody was away", async ({ expect }) => {
  const failure = new Error("the process was killed");
  const telling = new Telling(["queue", "webhook"], failure, failure, []);
  await telling.end();

  expect(telling.tried.map(({ channels }) => channels)).toEqual(Array.from({ length: 3 }, () => ["queue", "webhook"]));
});

test("the note in the record is tried again when somebody changes it at the same moment", async ({ expect }) => {
  const telling = new Telling(["webhook"], [refused("webhook")]);
  const conflict = new ConflictError("Somebody has just changed the record");
  telling.noteErrors.push(conflict, conflict);

  expect(await telling.end()).toMatchObject({ status: "Completed", output: [{ status: "refused" }] });
  expect(telling.notes).toHaveLength(1);
  expect(telling.tried).toHaveLength(1);
});
