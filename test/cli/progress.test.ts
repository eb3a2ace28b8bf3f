import { afterEach, beforeEach, test, vi } from "vitest";
import { Progress } from "../../src/cli/progress.ts";
import { recordedOutput } from "../local/kit/commandLine/recordedOutput.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("where nothing is redrawn, each change is one line and percentages come in quarters", ({ expect }) => {
  const { output, stderr } = recordedOutput();
  const progress = new Progress(output, 1);

  progress.update("a.mp4", { step: "queued" });
  for (const percent of [0, 10, 24, 25, 26, 100]) progress.update("a.mp4", { step: "uploading", percent });
  for (const _look of [1, 2, 3]) {
    progress.update("a.mp4", { step: "waiting", reason: "quota\nreached" });
  }
  progress.update("a.mp4", { step: "converting", percent: null });
  progress.succeeded("a.mp4", "→ a.mp3");
  progress.close();

  expect(stderr().split("\n")).toEqual([
    "a.mp4: uploading 0 %",
    "a.mp4: uploading 25 %",
    "a.mp4: uploading 100 %",
    "a.mp4: waiting: quota\\u{a}reached",
    "a.mp4: converting",
    expect.stringContaining("a.mp4 → a.mp3"),
    "",
  ]);
});

test("a reason that begins with the stage does not repeat it", ({ expect }) => {
  const { output, stderr } = recordedOutput();
  const progress = new Progress(output, 1);

  progress.update("a.mp4", { step: "waiting", reason: "waiting for a node: 1 node starting" });
  progress.close();

  expect(stderr()).toBe("a.mp4: waiting for a node: 1 node starting\n");
});

test("a terminal is redrawn at most every 100 ms", ({ expect }) => {
  const { output, stderr } = recordedOutput(true);
  const progress = new Progress(output, 1);

  for (let percent = 0; percent <= 90; percent++) progress.update("a.mp4", { step: "converting", percent });
  vi.advanceTimersByTime(99);
  expect(stderr()).toBe("");
  vi.advanceTimersByTime(1);

  expect(stderr()).toContain("converting 90 %");
  expect(stderr()).not.toContain("converting 89 %");
  progress.close();
});

test("a block of many files stays short and says how many more there are", ({ expect }) => {
  const { output, stderr } = recordedOutput(true);
  const progress = new Progress(output, 30);

  for (let n = 0; n < 20; n++) progress.update(`${n}.mp4`, { step: "converting", percent: n });
  progress.update("waits.mp4", { step: "queued" });
  vi.advanceTimersByTime(100);

  expect(stderr()).toContain("and 12 more");
  expect(stderr()).toContain("0 of 30 converted");
  expect(stderr()).not.toContain("waits.mp4");
  progress.close();
});

test("finished conversions stay above the block, and closing removes the block", ({ expect }) => {
  const { output, stderr } = recordedOutput(true);
  const progress = new Progress(output, 2);
  progress.update("a.mp4", { step: "publishing" });
  vi.advanceTimersByTime(100);

  progress.failed("a.mp4", "NoAudioStream");
  progress.close();

  const screen = replay(stderr());
  expect(screen).toEqual([expect.stringContaining("a.mp4 NoAudioStream"), ""]);
});

/** The lines that a terminal shows after this output. Knows only as much of terminals as the block needs. */
function replay(text: string): string[] {
  let lines = [""];
  // oxlint-disable-next-line no-control-regex -- escape sequences are what a terminal obeys
  for (const part of text.split(/(\u001B\[\d*A\r\u001B\[J|\u001B\[\?7[lh])/)) {
    // oxlint-disable-next-line no-control-regex -- escape sequences are what a terminal obeys
    const up = /^\u001B\[(\d+)A/.exec(part);
    if (up !== null) lines = [...lines.slice(0, lines.length - 1 - Number(up[1])), ""];
    else if (!part.startsWith("\u001B[?7")) {
      const [first = "", ...more] = part.split("\n");
      lines = [...lines.slice(0, -1), (lines.at(-1) ?? "") + first, ...more];
    }
  }
  return lines;
}
