import type { Browser, Page } from "playwright-core";
import { findOnPath, isProgram } from "../../src/local/kit/programs.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const ON_MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** CHROMIUM_PATH, or the first that is found; undefined where there is none, after saying so. */
export function findChromium(): string | undefined {
  const { CHROMIUM_PATH, PATH = "" } = process.env;
  const found =
    CHROMIUM_PATH ??
    NAMES.map((name) => findOnPath(name, PATH)).find((path) => path !== undefined) ??
    [ON_MACOS].find(isProgram);
  if (found === undefined) {
    process.stderr.write("No Chromium was found, so the page is not tried in one: install it, or set CHROMIUM_PATH.\n");
  }
  return found;
}

export async function startChromium(executablePath: string): Promise<Browser> {
  // Loaded only where it is of use.
  const { chromium } = await import("playwright-core");
  // Chromium has no sandbox for root.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args: [...args, "--autoplay-policy=no-user-gesture-required"] });
}

/** Whatever a page complains of: errors in its console, uncaught ones, and violations of its Content-Security-Policy. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  return complaints;
}
