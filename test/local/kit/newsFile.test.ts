import { appendFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { followNews, NewsFile } from "../../../src/local/kit/newsFile.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

interface Note {
  readonly text: string;
}

/** What a follower hears, and how to wait until it has heard a certain text. */
function follow(path: string): { readonly heard: string[]; until(text: string): Promise<void> } {
  const heard: string[] = [];
  let look = (): void => {};
  const stop = followNews<Note>(
    path,
    ({ text }) => {
      heard.push(text);
      look();
    },
    (error) => {
      throw error;
    },
  );
  onTestFinished(stop);
  const until = (text: string): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (heard.includes(text)) resolve();
      };
      look();
    });
  return { heard, until };
}

test("whoever follows hears what is told from then on, in order", async ({ expect }) => {
  const path = join(temporaryFolder(), "news");
  const file = new NewsFile<Note>(path);
  file.tell({ text: "before" });
  const follower = follow(path);

  for (const text of ["one", "zwei – ü", "three"]) file.tell({ text });
  await follower.until("three");

  expect(follower.heard).toEqual(["one", "zwei – ü", "three"]);
});

test("a teller that starts again, or whose file has grown long, is heard by who followed before", async ({
  expect,
}) => {
  const path = join(temporaryFolder(), "news");
  new NewsFile<Note>(path).tell({ text: "x".repeat(100) });
  const follower = follow(path);

  const second = new NewsFile<Note>(path);
  second.tell({ text: "again" });
  await follower.until("again");
  second.tell({ text: "y".repeat(1024 * 1024) });
  await follower.until("y".repeat(1024 * 1024));
  second.tell({ text: "short" });
  await follower.until("short");

  expect(follower.heard.map((text) => text.slice(0, 5))).toEqual(["again", "yyyyy", "short"]);
  expect(statSync(path).size).toBeLessThan(100);
});

test("half a line is heard when the rest of it has come, and what is no item is passed over", async ({ expect }) => {
  const path = join(temporaryFolder(), "news");
  const file = new NewsFile<Note>(path);
  const follower = follow(path);

  appendFileSync(path, 'no item\n{"text":"ha');
  appendFileSync(path, 'lf"}\n');
  file.tell({ text: "end" });
  await follower.until("end");

  expect(follower.heard).toEqual(["half", "end"]);
});

test("news that nobody tells cannot be followed", ({ expect }) => {
  const path = join(temporaryFolder(), "none");

  expect(() =>
    followNews(
      path,
      () => {},
      () => {},
    ),
  ).toThrow("ENOENT");
});
