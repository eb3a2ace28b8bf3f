import { beforeEach, test } from "vitest";
import { createCompanionFinder } from "../../src/azure/companions.ts";
import { StorageError } from "../../src/model/errors.ts";
import type { BlobStore, CompanionFinder } from "../../src/services.ts";
import { MemoryBlobs } from "../upkeep/memoryBlobs.ts";

const COVER = { stem: "cover", suffixes: [".jpg", ".png"], maxBytes: 10 };

let blobs: MemoryBlobs;
let seconds: number;
let finder: CompanionFinder;

beforeEach(() => {
  blobs = new MemoryBlobs();
  seconds = 100;
  finder = createCompanionFinder(blobs.store, () => new Date(seconds * 1000));
});

function put(name: string, text = "picture"): void {
  blobs.put("input", name, { text });
}

async function find(name: string, uploadedAtSeconds = 0, isFresh = false): Promise<string | undefined> {
  const uploadedAt = async (): Promise<Date> => new Date(uploadedAtSeconds * 1000);
  return (await finder.find({ container: "input", name }, COVER, uploadedAt, { isFresh }))?.name;
}

test("the cover in the folder of the video is found, whatever the case of its ending", async ({ expect }) => {
  put("talks/cover.JPG");
  put("cover.png");

  expect(await find("talks/intro.mp4")).toBe("talks/cover.JPG");
  expect(await find("intro.mp4")).toBe("cover.png");
  expect(await find("talks/more/intro.mp4")).toBeUndefined();
});

test("of several covers the first kind is taken", async ({ expect }) => {
  put("cover.png");
  put("cover.jpg");

  expect(await find("a.mp4")).toBe("cover.jpg");
});

test("what is too large, empty or of another kind is no cover", async ({ expect }) => {
  put("cover.jpg", "far too large");
  put("cover.png", "");
  put("cover.gif");
  put("cover.old.jpg");

  expect(await find("a.mp4")).toBeUndefined();
});

test("many videos of one folder share one request, also while it is under way", async ({ expect }) => {
  put("cover.jpg");
  await Promise.all([find("a.mp4"), find("b.mp4")]);
  await find("c.mp4");

  expect(blobs.listed["input"]).toBe(1);
});

test("a cover that came before a video is found, although there was none when the video before it was looked at", async ({
  expect,
}) => {
  await find("a.mp4");
  put("cover.jpg");
  seconds = 110;

  expect(await find("b.mp4", 105)).toBe("cover.jpg");
});

test("what was seen is forgotten after half a minute, and by an attempt after a failure", async ({ expect }) => {
  await find("a.mp4");
  put("cover.jpg");
  expect(await find("a.mp4")).toBeUndefined();
  expect(await find("a.mp4", 0, true)).toBe("cover.jpg");

  blobs.remove("input", "cover.jpg");
  seconds = 131;
  expect(await find("a.mp4")).toBeUndefined();
});

test("a look that fails is not remembered", async ({ expect }) => {
  put("cover.jpg");
  let isDown = true;
  const list: BlobStore["list"] = (...asked) => {
    if (isDown) throw new StorageError("Refused", { code: "ServerBusy", statusCode: 503 });
    return blobs.store.list(...asked);
  };
  finder = createCompanionFinder({ ...blobs.store, list }, () => new Date(seconds * 1000));
  await expect(find("a.mp4")).rejects.toThrow("Refused");
  isDown = false;

  expect(await find("a.mp4")).toBe("cover.jpg");
});
