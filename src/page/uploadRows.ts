import { button, byId, make, nameElements, setText } from "./dom.ts";
import { formatBytes, formatCount, formatSeconds } from "./format.ts";
import type { Upload, Uploads } from "./uploads.ts";

/** The others wait, and are counted: ten thousand files are no ten thousand rows. */
const MAX_ROWS = 12;

const SHOWN_UPLOADED_MS = 15_000;

const ORDER: Readonly<Record<Upload["state"], number>> = {
  uploading: 0,
  exists: 1,
  failed: 1,
  uploaded: 2,
  waiting: 3,
};

interface Row {
  readonly element: HTMLElement;
  update(upload: Upload): void;
}

/** Shows the uploads, at most once for each frame however often they change. */
export class UploadRows {
  readonly #uploads: () => Uploads;
  readonly #rows = new Map<Upload, Row>();
  readonly #speed = new Speed();
  #isDue = false;
  /** Of those that are done and no longer listed. */
  #doneFiles = 0;
  #doneBytes = 0;

  constructor(uploads: () => Uploads) {
    this.#uploads = uploads;
    byId("cancel-uploads", HTMLElement).addEventListener("click", () => this.#removeAll(["waiting", "uploading"]));
    byId("clear-uploads", HTMLElement).addEventListener("click", () => this.#removeAll(["failed", "exists"]));
  }

  soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#show();
    });
  }

  /** Takes those out of the list whose conversion is listed by now. Another page or filter may hide it from us for ever. */
  forgetListed(eTags: ReadonlySet<string>): void {
    const oldest = performance.now() - SHOWN_UPLOADED_MS;
    for (const upload of this.#uploads().all) {
      const { state, eTag = "", uploadedAtMs } = upload;
      if (state !== "uploaded" || (!eTags.has(eTag) && uploadedAtMs > oldest)) continue;
      this.#doneFiles += 1;
      this.#doneBytes += upload.file.size;
      this.#uploads().remove(upload);
    }
  }

  #removeAll(states: readonly Upload["state"][]): void {
    for (const upload of this.#uploads().all) if (states.includes(upload.state)) this.#uploads().remove(upload);
  }

  #show(): void {
    const all = [...this.#uploads().all];
    if (all.length === 0) [this.#doneFiles, this.#doneBytes] = [0, 0];
    byId("uploads", HTMLElement).hidden = all.length === 0;
    document.body.classList.toggle("uploading", all.length > 0);
    const shown = all.toSorted((a, b) => ORDER[a.state] - ORDER[b.state]).slice(0, MAX_ROWS);
    const wanted = new Set(shown);
    for (const [upload, { element }] of this.#rows) {
      if (wanted.has(upload)) continue;
      element.remove();
      this.#rows.delete(upload);
    }
    for (const upload of shown) {
      const row = this.#rows.get(upload) ?? this.#add(upload);
      row.update(upload);
    }
    this.#showSummary(all, all.length - shown.length);
  }

  #add(upload: Upload): Row {
    const row = createRow(upload, this.#uploads());
    byId("upload-rows", HTMLElement).append(row.element);
    this.#rows.set(upload, row);
    return row;
  }

  #showSummary(all: readonly Upload[], hidden: number): void {
    const count = (...states: Upload["state"][]): number => all.filter(({ state }) => states.includes(state)).length;
    const [open, problems, uploaded] = [count("waiting", "uploading"), count("failed", "exists"), count("uploaded")];
    const bytes = this.#doneBytes + all.reduce((sum, { loadedBytes }) => sum + loadedBytes, 0);
    const total = this.#doneBytes + all.reduce((sum, { file }) => sum + file.size, 0);
    const speed = this.#speed.of(bytes, performance.now());
    const files = this.#doneFiles + all.length - problems;
    const parts = [
      ...(files === 0 ? [] : [`${formatCount(this.#doneFiles + uploaded)} of ${formatCount(files)}`]),
      ...(open === 0 ? [] : [`${formatBytes(bytes)} of ${formatBytes(total)}`]),
      ...(open === 0 || speed === undefined
        ? []
        : [`${formatBytes(speed)}/s`, `${formatSeconds((total - bytes) / speed)} left`]),
    ];
    setText(byId("uploads-summary", HTMLElement), parts.join(" · "));
    setText(byId("uploads-more", HTMLElement), hidden === 0 ? "" : `and ${formatCount(hidden)} more`);
    byId("cancel-uploads", HTMLElement).hidden = open < 2;
    byId("clear-uploads", HTMLElement).hidden = problems < 2;
  }
}

/** Over the last seconds. */
class Speed {
  #points: { readonly bytes: number; readonly at: number }[] = [];

  /** Bytes per second; undefined until something can be said. */
  of(bytes: number, at: number): number | undefined {
    this.#points = [...this.#points, { bytes, at }].filter((point) => at - point.at < 5_000 && point.bytes <= bytes);
    const [first] = this.#points;
    if (first === undefined || at - first.at < 1_000 || bytes === first.bytes) return undefined;
    return ((bytes - first.bytes) * 1000) / (at - first.at);
  }
}

function createRow(upload: Upload, uploads: Uploads): Row {
  const { name, file } = upload;
  const state = make("p", { class: "state" });
  const progress = make("progress", { max: "1", "aria-label": `Upload of ${name}` });
  const cancel = button("Cancel", name, () => uploads.remove(upload));
  const again = button("Try again", name, () => uploads.again(upload));
  const replace = button("Replace it", name, () => uploads.again(upload, { overwrite: true }));
  const dismiss = button("Dismiss", name, () => uploads.remove(upload));
  const element = make(
    "li",
    { class: "row" },
    make("span", { class: "mark", "aria-hidden": "true" }),
    make("div", { class: "what" }, make("p", { class: "name", title: name }, nameElements(name)), state, progress),
    make("div", { class: "actions" }, cancel, again, replace, dismiss),
  );
  return {
    element,
    update({ state: now, loadedBytes, problem }) {
      const isOpen = now === "waiting" || now === "uploading";
      element.dataset["status"] = now === "failed" || now === "exists" ? "failed" : "running";
      setText(state, describe(now, loadedBytes, file.size, problem));
      progress.hidden = now !== "uploading";
      progress.value = file.size === 0 ? 0 : loadedBytes / file.size;
      cancel.hidden = !isOpen;
      again.hidden = now !== "failed";
      replace.hidden = now !== "exists";
      dismiss.hidden = now !== "failed" && now !== "exists";
    },
  };
}

function describe(state: Upload["state"], loaded: number, total: number, problem: string): string {
  switch (state) {
    case "waiting":
      return `Waiting · ${formatBytes(total)}`;
    case "uploading":
      return `Uploading · ${formatBytes(loaded)} of ${formatBytes(total)}`;
    case "uploaded":
      return "Uploaded · its conversion begins in a moment";
    case "exists":
    case "failed":
      return problem;
  }
}
