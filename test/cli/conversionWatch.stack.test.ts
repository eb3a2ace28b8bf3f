import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, test } from "vitest";
import { blobNewsIn } from "../../src/local/azurite/news.ts";
import type { BlobNews } from "../../src/local/kit/blobNews.ts";
import { followNews } from "../../src/local/kit/newsFile.ts";
import type { Conversion, ConversionRecord } from "../../src/model/conversion.ts";
import { normalizeETag } from "../../src/model/conversion.ts";
import { ConversionWatch } from "../../src/cli/convert/conversionWatch.ts";
import type { FollowBlobs } from "../../src/cli/convert/recordNews.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import type { TestStorage } from "./standInApp.ts";
import { startStandInApp, startStorage } from "./standInApp.ts";

const NEVER_MS = 10_000_000;
const OFTEN_MS = 10;
const data = temporaryFolder(afterAll);
let shared: TestStorage;

beforeAll(async () => {
  shared = await startStorage(data);
});
beforeEach(() => shared.clear());
afterAll(() => shared.stop());

const toldByStorage: FollowBlobs = (onNews, onFailure) =>
  followNews<BlobNews>(blobNewsIn(join(data, "azurite")), onNews, onFailure);

/** Without the app's API, so that every look is one at storage. */
async function setUp(followBlobs: FollowBlobs | undefined, fastestLookMs: number) {
  const { storage } = shared;
  const app = { storage, containers: { input: "input", output: "output" }, api: undefined };
  const { signal } = new AbortController();
  const watch = new ConversionWatch({ app, signal, fastestLookMs, pickUpBoundMs: undefined, followBlobs });
  const standIn = await startStandInApp(storage);
  let looks = 0;
  const upload = async (name: string, content = "video"): Promise<Conversion> => {
    const blob = storage.getContainerClient("input").getBlockBlobClient(name);
    const { etag } = await blob.upload(content, content.length);
    return { workload: "mp3", source: { container: "input", name, eTag: normalizeETag(etag ?? "") } };
  };
  const finish = (name: string): Promise<ConversionRecord> => standIn.finish(name);
  return { upload, finish, looks: () => looks, wait: (of: Conversion) => watch.watch(of, () => looks++) };
}

test("a record that storage tells of is read without a look, also after others", async ({ expect }) => {
  const { upload, finish, looks, wait } = await setUp(toldByStorage, NEVER_MS);
  const [first, second] = [await upload("talks/first.mp4"), await upload("second.mp4")];
  const waits = [wait(first), wait(second)] as const;

  const written = await finish("talks/first.mp4");
  expect(await waits[0]).toEqual(written);
  expect(await finish("second.mp4")).toEqual(await waits[1]);
  const third = wait(await upload("third.mp4"));
  expect(await finish("third.mp4")).toEqual(await third);
  expect(looks()).toBe(0);
});

test("the record of another version that storage tells of does not count", async ({ expect }) => {
  const { upload, finish, looks, wait } = await setUp(toldByStorage, NEVER_MS);
  const older = await upload("one.mp4");
  let isOver = false;
  const waiting = wait({ ...older, source: { ...older.source, eTag: "0xOTHER" } }).finally(() => (isOver = true));
  waiting.catch(() => {});
  const other = wait(await upload("other.mp4"));

  await finish("one.mp4");
  await finish("other.mp4");
  await other;

  expect([isOver, looks()]).toEqual([false, 0]);
});

test.for([
  ["that storage never tells of", () => () => {}],
  [
    "of storage that tells of nothing any more",
    (_onNews, onFailure) => {
      queueMicrotask(onFailure);
      return () => {};
    },
  ],
  [
    "of storage that cannot be heard",
    () => {
      throw new Error("there is no such file");
    },
  ],
] as const satisfies readonly (readonly [string, FollowBlobs])[])(
  "a record %s is found by looks",
  async ([, follow], { expect }) => {
    const { upload, finish, looks, wait } = await setUp(follow, OFTEN_MS);
    const waiting = wait(await upload("one.mp4"));

    const written = await finish("one.mp4");

    expect(await waiting).toEqual(written);
    expect(looks()).toBeGreaterThan(0);
  },
);

test("whoever is told of everything but the record finds it by looks", async ({ expect }) => {
  const deaf: FollowBlobs = (onNews, onFailure) =>
    toldByStorage((news) => news.container === "input" && onNews(news), onFailure);
  const { upload, finish, looks, wait } = await setUp(deaf, OFTEN_MS);
  const waiting = wait(await upload("one.mp4"));
  await upload("heard.mp4");

  const written = await finish("one.mp4");

  expect(await waiting).toEqual(written);
  expect(looks()).toBeGreaterThan(0);
});

test("nothing is followed while nobody waits", async ({ expect }) => {
  let followers = 0;
  const counted: FollowBlobs = (onNews, onFailure) => {
    followers++;
    const stop = toldByStorage(onNews, onFailure);
    return () => {
      followers--;
      stop();
    };
  };
  const { upload, finish, wait } = await setUp(counted, NEVER_MS);
  const waits = [wait(await upload("a.mp4")), wait(await upload("b.mp4"))];

  expect(followers).toBe(1);
  await finish("a.mp4");
  await finish("b.mp4");
  await Promise.all(waits);
  expect(followers).toBe(0);
});
