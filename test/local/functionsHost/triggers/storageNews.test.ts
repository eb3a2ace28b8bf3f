import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { NewsFile } from "../../../../src/local/kit/newsFile.ts";
import type { BlobNews } from "../../../../src/local/kit/blobNews.ts";
import type { BlobFunction } from "../../../../src/local/functionsHost/triggers/blobFunction.ts";
import { parseBlobPath } from "../../../../src/local/functionsHost/triggers/blobPath.ts";
import { StorageNews } from "../../../../src/local/functionsHost/triggers/storageNews.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";

const TARGET = { pattern: parseBlobPath("input/{name}", "onUpload") } as BlobFunction;

test("news are followed until that is stopped, and what is told meanwhile is offered", async ({ expect }) => {
  const path = join(temporaryFolder(), "news");
  const file = new NewsFile<BlobNews>(path);
  let news: StorageNews | undefined;
  const offered = new Promise<string>((resolve) => {
    const delivery = { offer: (_target: BlobFunction, { name }: BlobNews) => resolve(name) };
    news = new StorageNews(path, [TARGET], delivery, { write: () => {} });
  });
  onTestFinished(() => news?.stop());

  expect(news?.isFollowed).toBe(false);
  news?.follow();
  expect(news?.isFollowed).toBe(true);
  file.tell({ container: "other", name: "b.mp4", etag: "1" });
  file.tell({ container: "input", name: "a.mp4", etag: "1" });
  expect(await offered).toBe("a.mp4");
  news?.stop();
  expect(news?.isFollowed).toBe(false);
});

test("news that cannot be read are not followed, which is said once", ({ expect }) => {
  const said: string[] = [];
  const log = { write: (...[, , message]: string[]): void => void said.push(message ?? "") };
  const news = new StorageNews("/nowhere/news", [TARGET], { offer: () => {} }, log);

  news.follow();

  expect(news.isFollowed).toBe(false);
  expect(said).toEqual([expect.stringContaining("Blobs are noticed by polling only, not from /nowhere/news: ENOENT")]);
});
