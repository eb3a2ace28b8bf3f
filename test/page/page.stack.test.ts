import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, onTestFinished, test, vi } from "vitest";
import { findFfmpeg } from "../../src/local/stack/ffmpeg.ts";
import { StackUnderTest } from "../e2e/stackUnderTest.ts";
import { complaintsOf, findChromium, startChromium } from "./chromium.ts";
import { PATIENCE_MS } from "../patience.ts";

const CHROMIUM = findChromium();
const SAMPLE = readFileSync("test/fixtures/media/sample.mp4");
const TEXT = readFileSync("test/fixtures/media/text.mp4");
const PATIENCE = { timeout: PATIENCE_MS, interval: 20 };
/** A browser would run it, if it were put into the page as HTML. */
const HTML_NAME = `<img src=x onerror="document.title='hacked'">.mp4`;

let bin: string;
let stack: StackUnderTest;
let browser: Browser | undefined;

/** Conversions of this stack do not end while the file `go` is missing. */
beforeAll(async () => {
  bin = mkdtempSync(join(tmpdir(), "mp3drop-slow-"));
  const script = readFileSync("test/fixtures/slowFfmpeg.sh", "utf8");
  const slow = join(bin, "ffmpeg");
  const text = script.replace("REAL_FFMPEG", findFfmpeg(process.env).ffmpeg).replace("FOLDER", bin);
  writeFileSync(slow, text, { mode: 0o755 });
  letConversionsEnd();
  [stack, browser] = await Promise.all([
    StackUnderTest.start({ FFMPEG_PATH: slow }),
    CHROMIUM === undefined ? undefined : startChromium(CHROMIUM),
  ]);
});

afterAll(async () => {
  await Promise.all([stack?.stop(), browser?.close()]);
  rmSync(bin, { recursive: true });
});

function letConversionsEnd(): void {
  writeFileSync(join(bin, "go"), "");
}

function holdConversions(): void {
  rmSync(join(bin, "go"));
}

describe("without a browser", () => {
  test("the address that npm start prints leads to the page, which may load nothing of others", async ({ expect }) => {
    const page = await fetch(stack.url);
    const policy = page.headers.get("content-security-policy") ?? "";

    expect([page.status, new URL(page.url).pathname]).toEqual([200, "/api/"]);
    expect(await page.text()).not.toMatch(
      /<style|<script(?! type="module" src="page\/main.js"><\/script>)|\son\w+=|style=|https?:/,
    );
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      `connect-src 'self' ${new URL(stack.storageUrl).origin}`,
      `media-src ${new URL(stack.storageUrl).origin}`,
      "form-action 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ]);
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
  });

  test("its files are sent again only when they have changed, and there are no others", async ({ expect }) => {
    const url = `${stack.url}/api/page/main.js`;
    const first = await fetch(url);
    const again = await fetch(url, { headers: { "if-none-match": first.headers.get("etag") ?? "" } });
    const others = ["main.js.map", "..%2Findex.js", "nothing.html"].map((name) =>
      fetch(`${stack.url}/api/page/${name}`),
    );

    expect([first.status, first.headers.get("content-type")]).toEqual([200, "text/javascript; charset=utf-8"]);
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([404, 404, 404]);
    expect((await fetch(`${stack.url}/api?a=b`, { redirect: "manual" })).headers.get("location")).toBe("/api/?a=b");
  });

  test("storage lets the page of the app upload, and no other one on this machine", async ({ expect }) => {
    const preflight = async (origin: string): Promise<number> => {
      const headers = {
        origin,
        "access-control-request-method": "PUT",
        "access-control-request-headers": "x-ms-version",
      };
      return (await fetch(`${stack.storageUrl}/input/talk.mp4`, { method: "OPTIONS", headers })).status;
    };
    const { port } = new URL(stack.url);

    expect(await preflight(`http://127.0.0.1:${port}`)).toBe(200);
    expect(await preflight(`http://localhost:${port}`)).toBe(200);
    expect(await preflight("http://localhost:3000")).toBe(403);
  });
});

describe.skipIf(CHROMIUM === undefined)("in Chromium", () => {
  test("files are dropped, watched, played, saved, retried and cancelled, and a reload loses nothing", async ({
    expect,
  }) => {
    const { page, complaints } = await openPage();
    await page.getByText("Drop MP4 videos or folders here").waitFor();

    await drop(page, { "intro.mp4": SAMPLE, [HTML_NAME]: SAMPLE, "text.mp4": TEXT });
    const [intro, html, bad] = ["intro.mp4", HTML_NAME, "text.mp4"].map((name) => rowOf(page, name));
    if (intro === undefined || html === undefined || bad === undefined) throw new TypeError("There are three names");
    await Promise.all([stateOf(intro, "Converted"), stateOf(html, "Converted"), stateOf(bad, "Failed")]);
    expect(await bad.locator(".error").textContent()).toMatch(/^UnreadableInput /);
    expect(await page.locator("#uploads").isHidden()).toBe(true);
    expect(await page.locator("#rows img").count()).toBe(0);
    expect(await page.title()).toBe("mp3drop");

    await intro.getByRole("button", { name: "Play intro.mp4" }).click();
    await page.waitForFunction(() => (document.querySelector("audio")?.currentTime ?? 0) > 0.2);

    const download = page.waitForEvent("download");
    await html.getByRole("button", { name: "Save" }).click();
    expect((await download).suggestedFilename()).toMatch(/\.mp3$/);

    await bad.getByRole("button", { name: "Log" }).click();
    await page.locator("#log-text", { hasText: /\w{4}/ }).waitFor();
    await page.keyboard.press("Escape");
    await bad.getByRole("button", { name: "Retry" }).focus();
    await page.keyboard.press("Enter");
    await stateOf(bad, "Failed after 2 attempts");
    expect(await bad.evaluate((row) => row.contains(document.activeElement))).toBe(true);

    holdConversions();
    await drop(page, { "long.mp4": SAMPLE });
    const long = rowOf(page, "long.mp4");
    await stateOf(long, "Converting");
    await long.getByRole("button", { name: "Cancel" }).click();
    await stateOf(long, "Cancelled");
    letConversionsEnd();

    await page.reload();
    await stateOf(long, "Cancelled");
    await Promise.all([intro, html, bad].map((row) => row.waitFor()));
    await page.getByRole("radio", { name: /^Failed [1-9]/ }).check();
    await Promise.all([intro, html, long].map((row) => row.waitFor({ state: "detached" })));
    expect(await bad.isVisible()).toBe(true);
    expect(complaints).toEqual([]);
  });

  test("a file goes to storage in blocks, and one that breaks off is sent again", async ({ expect }) => {
    const { page } = await openPage();
    await page.route("**/api/uploads", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), blockBytes: 8_000 } });
    });
    let blocks = 0;
    await page.route(/comp=block&/, (route) => (++blocks === 2 ? route.abort("connectionreset") : route.continue()));

    await drop(page, { "blocks.mp4": SAMPLE });
    await stateOf(rowOf(page, "blocks.mp4"), "Converted");

    expect(blocks).toBe(Math.ceil(SAMPLE.length / 8_000) + 1);
    expect(await stack.download("input", "blocks.mp4")).toEqual(SAMPLE);
  });

  test("an upload has arrived although the last answer of storage is lost", async ({ expect }) => {
    const { page } = await openPage();
    let lists = 0;
    await page.route(/comp=blocklist/, async (route) => {
      if (++lists > 1) return route.continue();
      await route.fetch();
      return route.abort("connectionreset");
    });

    await drop(page, { "unanswered.mp4": SAMPLE });

    await page.getByText("Uploaded · its conversion begins in a moment").waitFor();
    expect(lists).toBe(2);
    await stateOf(rowOf(page, "unanswered.mp4"), "Converted");
  });

  test("an upload that stalls is sent again, and then given up until the user tries again", async ({ expect }) => {
    const { page } = await openPage({ routed: (one) => one.clock.install() });
    const longEnough = 2 * 60_000;
    let stalled = 0;
    await page.route(/comp=block&/, () => void (stalled += 1));

    await drop(page, { "stalled.mp4": SAMPLE });
    await vi.waitFor(() => expect(stalled).toBe(1), PATIENCE);
    await page.clock.fastForward(longEnough);
    await vi.waitFor(() => expect(stalled).toBe(2), PATIENCE);
    await page.clock.fastForward(longEnough);
    const upload = page.locator("#upload-rows > li", { hasText: "Storage does not answer." });
    await upload.waitFor();
    await page.unroute(/comp=block&/);
    await upload.getByRole("button", { name: "Try again" }).click();

    await stateOf(rowOf(page, "stalled.mp4"), "Converted");
    expect(stalled).toBe(2);
  });

  test("of two files of one name that are uploaded at once, one arrives whole, and the other is told", async ({
    expect,
  }) => {
    const [first, second] = [await openPage(), await openPage()];
    const held: Route[] = [];
    for (const { page } of [first, second]) await page.route(/comp=blocklist/, (route) => void held.push(route));

    await drop(first.page, { "twins.mp4": SAMPLE });
    await vi.waitFor(() => expect(held).toHaveLength(1), PATIENCE);
    await drop(second.page, { "twins.mp4": TEXT });
    await vi.waitFor(() => expect(held).toHaveLength(2), PATIENCE);
    await held[0]?.continue();
    await stateOf(rowOf(first.page, "twins.mp4"), "Converted");
    // On a slow machine the second page may have sent it again: after a minute without an answer.
    await second.page.unroute(/comp=blocklist/);
    for (const route of held.slice(1)) await route.continue().catch(() => {});

    await second.page.getByText("A file of that name has arrived in the meantime.").waitFor();
    expect(await stack.download("input", "twins.mp4")).toEqual(SAMPLE);
  });

  test("of a folder what the app takes is uploaded, and the options that were chosen go along", async ({ expect }) => {
    const { page } = await openPage();
    await page.getByText("Options for the next files").click();
    await page.getByLabel("bitrate", { exact: true }).selectOption("96");

    const list = page.waitForRequest(/comp=blocklist/);
    const folder = await chooseFolder(page, { "small.mp4": SAMPLE, "notes.txt": TEXT });

    await page.getByText("1 file added. 1 other left out: the app takes .mp4.").waitFor();
    expect((await list).headers()).toMatchObject({ "x-ms-meta-mp3drop_bitrate": "96" });
    await stateOf(rowOf(page, `${folder}/small.mp4`), "Converted");
  });

  test("whoever leaves while a file is uploaded is asked first, and a cancelled upload leaves nothing", async ({
    expect,
  }) => {
    const { page } = await openPage();
    await page.route(/comp=block&/, () => undefined);
    await drop(page, { "never.mp4": SAMPLE });
    const upload = page.locator("#upload-rows > li");
    await upload.click();

    const asked = page.waitForEvent("dialog");
    await page.close({ runBeforeUnload: true });
    await (await asked).dismiss();
    await upload.getByRole("button", { name: "Cancel" }).click();

    await upload.waitFor({ state: "detached" });
    expect((await asked).type()).toBe("beforeunload");
    expect(await stack.namesIn("input")).not.toContain("never.mp4");
  });

  test("a name that is taken is replaced only when the user says so, and another kind of file is refused", async ({
    expect,
  }) => {
    await stack.convert("taken.mp4", TEXT);
    const { page } = await openPage();

    await drop(page, { "taken.mp4": SAMPLE, "notes.txt": SAMPLE });
    const uploads = page.locator("#upload-rows > li");
    await uploads.getByText("There is already a file of that name.", { exact: true }).waitFor();
    await uploads.filter({ hasText: "notes.txt" }).getByRole("button", { name: "Dismiss" }).click();
    await uploads.filter({ hasText: "taken.mp4" }).getByRole("button", { name: "Replace it" }).click();

    await page
      .locator("#rows > li", { hasText: "taken.mp4" })
      .first()
      .locator(".state", { hasText: "Converted" })
      .waitFor();
    expect(await stack.download("input", "taken.mp4")).toEqual(SAMPLE);
  });

  test("a key is taken out of the address, asked for when it is wrong, and kept for the tab", async ({ expect }) => {
    await stack.convert("there.mp4", TEXT);
    const { page } = await openPage({ address: "?code=wrong", routed: answersOnlyTo("right") });

    await page.getByLabel("Key", { exact: true }).fill("right");
    await page.keyboard.press("Enter");
    await page.locator("#rows > li").first().waitFor();
    expect(new URL(page.url()).search).toBe("");

    await page.reload();
    await page.locator("#rows > li").first().waitFor();
  });

  test("whose sign-in has ended learns what to do", async ({ expect }) => {
    const { page } = await openPage({ routed: (one) => one.route("**/api/conversions?*", leadsToSignIn) });

    await page.getByText("Your sign-in has ended. Load the page again to sign in.").waitFor();
    expect(await page.locator("#key-dialog").isVisible()).toBe(false);
  });

  test("of ten thousand conversions a page is shown at a time, whichever way the user goes", async ({ expect }) => {
    const { page } = await openPage({ routed: listsMany });
    await page.locator("#rows > li").first().waitFor();
    expect(await page.locator("#rows > li").count()).toBe(50);
    expect(await page.getByRole("radio", { name: "All 10,000" }).isChecked()).toBe(true);

    await page.getByRole("button", { name: "Older →" }).click();
    await rowOf(page, "clip-50.mp4").waitFor();
    await page.getByRole("button", { name: "← Newer" }).click();
    await rowOf(page, "clip-0.mp4").waitFor();

    expect(await page.locator("#rows > li").count()).toBe(50);
  });

  test("it fits a phone whatever a file is called, and everything that can be used has a name", async ({ expect }) => {
    const { page } = await openPage({ routed: listsMany });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.locator("#rows > li").first().waitFor();

    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    const outline = await page.locator("body").ariaSnapshot();
    expect(outline).toMatch(/^ *- button "Play clip-0.mp4"/m);
    expect(outline).not.toMatch(/^ *- (button|link|radio|searchbox|textbox|combobox)(:|$)/m);
  });
});

async function openPage({
  address = "",
  routed,
}: { address?: string; routed?: (page: Page) => Promise<unknown> } = {}) {
  if (browser === undefined) throw new Error("There is no browser");
  const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce" });
  onTestFinished(() => context.close());
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await routed?.(page);
  await page.goto(`${stack.url}/api/${address}`);
  return { page, complaints };
}

/** Drops files on the page. */
async function drop(page: Page, files: Readonly<Record<string, Buffer>>): Promise<void> {
  const contents = Object.entries(files).map(([name, content]) => [name, content.toString("base64")] as const);
  await page.evaluate((all) => {
    const dataTransfer = new DataTransfer();
    for (const [name, base64] of all) {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.codePointAt(0) ?? 0);
      dataTransfer.items.add(new File([bytes], name));
    }
    for (const type of ["dragenter", "dragover", "drop"]) {
      document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }
  }, contents);
}

/** Chooses a folder that holds these files. Returns its name. */
async function chooseFolder(page: Page, files: Readonly<Record<string, Buffer>>): Promise<string> {
  const folder = mkdtempSync(join(bin, "folder-"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  await page.locator("#folder").setInputFiles(folder);
  return basename(folder);
}

function rowOf(page: Page, name: string) {
  return page.locator("#rows > li", { has: page.locator(".name", { hasText: name }) });
}

function stateOf(row: ReturnType<typeof rowOf>, text: string): Promise<void> {
  return row.locator(".state", { hasText: text }).waitFor();
}

/** As Azure does it; the local stack asks for no key. */
function answersOnlyTo(key: string): (page: Page) => Promise<unknown> {
  return (page) =>
    page.route("**/api/conversions?*", (route) =>
      route.request().headers()["x-functions-key"] === key ? route.continue() : route.fulfill({ status: 401 }),
    );
}

/** As the authentication of the site does it. */
function leadsToSignIn(route: Route): Promise<void> {
  return route.fulfill({ status: 302, headers: { location: "https://login.example.com/" } });
}

function listsMany(page: Page): Promise<unknown> {
  return page.route("**/api/conversions?*", (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get("continuation") ?? 0);
    const at = "2026-01-01T12:00:00.000Z";
    const unknown = { percent: null, waitReason: null, waitingSince: null, error: null };
    const ended = {
      status: "succeeded",
      phase: "finished",
      workload: "mp3",
      sizeBytes: 1,
      attempt: 1,
      output: { name: "a.mp3", sizeBytes: 1 },
    };
    const conversions = Array.from({ length: 50 }, (_, index) => {
      const id = String(from + index);
      const name = `clip-${id}${id === "1" ? "-long".repeat(200) : ""}.mp4`;
      const input = { container: "input", name, eTag: id };
      return { ...unknown, ...ended, id, input, uploadedAt: at, endedAt: at };
    });
    const counts = { running: 0, succeeded: 10_000, failed: 0, cancelled: 0, isComplete: true };
    return route.fulfill({ json: { conversions, counts, lastHour: { minutes: [] }, continuation: String(from + 50) } });
  });
}
