import type { MinuteCounts } from "../model/conversionList.ts";
import { byId, setText } from "./dom.ts";
import { formatCount, plural } from "./format.ts";

const [WIDTH, HEIGHT] = [240, 40];
const SVG = "http://www.w3.org/2000/svg";

/** A bar for each minute of the last hour: what was converted, and above it what failed. */
export function drawLastHour(minutes: readonly MinuteCounts[]): void {
  const most = Math.max(1, ...minutes.map(({ succeeded, failed }) => succeeded + failed));
  const step = WIDTH / Math.max(1, minutes.length);
  const bars = minutes.flatMap(({ succeeded, failed }, index) => {
    const [low, high] = [(HEIGHT * succeeded) / most, (HEIGHT * failed) / most];
    return [
      bar("succeeded", index * step, HEIGHT - low, step, low),
      bar("failed", index * step, HEIGHT - low - high, step, high),
    ];
  });
  const line = bar("ground", 0, HEIGHT - 1, WIDTH + 1, 1);
  byId("chart", SVGSVGElement).replaceChildren(line, ...bars.filter((one) => one.getAttribute("height") !== "0"));

  const [converted, failed] = [sum(minutes, "succeeded"), sum(minutes, "failed")];
  const failures = failed === 0 ? "" : `, ${formatCount(failed)} failed`;
  const busiest = most > 1 ? ` (at most ${formatCount(most)} a minute)` : "";
  const text =
    converted + failed === 0 ? "Nothing ended in the last hour" : `${formatCount(converted)} converted${failures}`;
  setText(byId("chart-text", HTMLElement), converted + failed === 0 ? text : `${text} in the last hour${busiest}`);
}

function bar(kind: string, x: number, y: number, width: number, height: number): SVGElement {
  const rect = document.createElementNS(SVG, "rect");
  const numbers = { x, y, width: Math.max(0.5, width - 1), height };
  for (const [name, value] of Object.entries(numbers)) rect.setAttribute(name, String(Math.round(value * 100) / 100));
  rect.setAttribute("class", kind);
  return rect;
}

function sum(minutes: readonly MinuteCounts[], what: "succeeded" | "failed"): number {
  return minutes.reduce((total, minute) => total + minute[what], 0);
}

/** For the title of the tab. */
export function tabTitle(running: number): string {
  return running === 0 ? "mp3drop" : `${plural(running, "running", "running")} · mp3drop`;
}
