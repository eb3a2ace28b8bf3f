import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "vitest";
import type { ConversionRecord } from "../../src/model/conversion.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

const NEEDED = [".ci", "host.json", "package.json", "tsconfig.json", "src"];

/** The code blocks of the page, by the file that each is for. */
function blocksOf(page: string): { readonly language: string; readonly file: string; readonly text: string }[] {
  const blocks = readFileSync(page, "utf8").matchAll(/^```(\w+) (src\/\S+)\n(.*?)^```$/gms);
  return [...blocks].map(([, language = "", file = "", text = ""]) => ({ language, file, text }));
}

/** Replaces each line that is taken away by the added line that follows it; an added line alone goes to the top. */
function applyDiff(text: string, diff: string): string {
  let changed = text;
  let replaced: string | undefined;
  for (const line of diff.trimEnd().split("\n")) {
    const content = line.slice(1);
    if (line.startsWith("-")) {
      if (!changed.includes(content)) throw new Error(`The page changes a line that is not there: ${content}`);
      replaced = content;
    } else {
      changed = replaced === undefined ? `${content}\n${changed}` : changed.replace(replaced, content);
      replaced = undefined;
    }
  }
  return changed;
}

test("the example workload of docs/workloads.md, built from the page, makes a picture beside the MP3", ({ expect }) => {
  const root = temporaryFolder();
  for (const name of NEEDED) cpSync(name, join(root, name), { recursive: true });
  symlinkSync(resolve("node_modules"), join(root, "node_modules"));
  for (const { language, file, text } of blocksOf("docs/workloads.md")) {
    const path = join(root, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, language === "diff" ? applyDiff(readFileSync(path, "utf8"), text) : text);
  }
  execFileSync("npm", ["run", "--silent", "build"], { cwd: root });
  cpSync("test/fixtures/media/sample.mp4", join(root, "video.mp4"));

  const args = ["dist/cli/main.js", "convert", "video.mp4", "--json", "--data", join(root, "data")];
  const env = { ...process.env, WORKLOADS: "mp3,poster" };
  const stdout = execFileSync(process.execPath, args, { cwd: root, env, encoding: "utf8", stdio: "pipe" });

  const { conversions } = JSON.parse(stdout) as { conversions: ConversionRecord[] };
  expect(conversions).toMatchObject([
    { workload: "mp3", status: "succeeded", output: { name: "video.mp3" } },
    { workload: "poster", status: "succeeded", output: { name: "video.mp4.jpg" } },
  ]);
  expect(conversions[0]?.conversionId).not.toBe(conversions[1]?.conversionId);
  const jpeg = readFileSync(join(root, "video.mp4.jpg"));
  expect(jpeg.subarray(0, 3).toString("hex")).toBe("ffd8ff");
});
