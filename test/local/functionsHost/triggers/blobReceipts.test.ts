import { test } from "vitest";
import { BlobReceipts } from "../../../../src/local/functionsHost/triggers/blobReceipts.ts";

const BLOB = { container: "input", name: "a.mp4" };

function receipt(etag: string, isDone: boolean) {
  return { k: "receipt", fn: "f", receipt: { ...BLOB, etag, attempts: 0, isDone } } as const;
}

function etags(receipts: BlobReceipts): string[] {
  return [...receipts.of("f")].map(({ etag, isDone }) => `${etag} ${isDone ? "done" : "open"}`);
}

test("a late event of an older version does not replace the receipt of a newer one", ({ expect }) => {
  const receipts = new BlobReceipts();
  for (const entry of [receipt("new", false), receipt("old", false)]) receipts.apply(entry);

  expect(etags(receipts)).toEqual(["new open", "old open"]);

  receipts.apply({ k: "forget", fn: "f", blobs: ["input/a.mp4"], etag: "old" });
  expect(etags(receipts)).toEqual(["new open"]);
});

test("of the versions that are done only the last one is kept", ({ expect }) => {
  const receipts = new BlobReceipts();
  for (const entry of [receipt("1", true), receipt("2", true), receipt("3", false)]) receipts.apply(entry);

  expect(etags(receipts)).toEqual(["2 done", "3 open"]);
  expect(receipts.find("f", "input/a.mp4", "1")).toBeUndefined();
});

test("a snapshot holds all that is known, and a blob that is gone is forgotten whole", ({ expect }) => {
  const receipts = new BlobReceipts();
  for (const entry of [receipt("1", true), receipt("2", false)]) receipts.apply(entry);
  const copy = new BlobReceipts();
  for (const entry of receipts.snapshot()) copy.apply(entry);

  expect(etags(copy)).toEqual(etags(receipts));

  copy.apply({ k: "forget", fn: "f", blobs: ["input/a.mp4"] });
  expect([...copy.blobsOf("f")]).toEqual([]);
});
