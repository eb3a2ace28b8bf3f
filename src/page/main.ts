import type { PageSettings } from "../model/pageSettings.ts";
import { Announcer } from "./announcer.ts";
import { Api } from "./api.ts";
import { Conversions, reasonOf } from "./conversions.ts";
import type { ConversionSummary } from "../model/conversionList.ts";
import { askForKey, showLog } from "./dialogs.ts";
import { byId, setText } from "./dom.ts";
import type { NamedFile } from "./dropped.ts";
import { chosenFiles, droppedFiles } from "./dropped.ts";
import { plural } from "./format.ts";
import { openKeyStore } from "./key.ts";
import { OptionFields } from "./optionFields.ts";
import { Player, save } from "./player.ts";
import { Poller } from "./poller.ts";
import { UploadRows } from "./uploadRows.ts";
import { Uploads } from "./uploads.ts";

const api = new Api(openKeyStore(), async (wasRefused) => {
  const key = await askForKey(wasRefused);
  // The look that has waited for the user was no slow one.
  poller.soon();
  return key;
});
const announcer = new Announcer();
const player = new Player();
const optionFields = new OptionFields();
let settings: Promise<PageSettings> | undefined;

const uploadRows = new UploadRows(() => uploads);
const uploads = new Uploads(
  api,
  () => uploadRows.soon(),
  () => poller.expectNews(),
);

const conversions = new Conversions(
  api,
  {
    play: (conversion) =>
      act(conversion, async () => player.play(conversion.output?.name ?? "", await api.resultUrl(conversion.id))),
    save: (conversion) => act(conversion, async () => save(await api.resultUrl(conversion.id, { download: true }))),
    showLog: (conversion) => void showLog(conversion.input.name, api.log(conversion.id)),
    retry: (conversion) => act(conversion, () => api.retry(conversion.id)),
    cancel: (conversion) => act(conversion, () => api.cancel(conversion.id)),
  },
  () => poller.soon(),
);

/** Why the last look at the list has failed; empty if it has not. */
let trouble = "";
const poller = new Poller(async () => {
  try {
    const list = await conversions.look();
    if (trouble !== "") showNotice("", trouble);
    trouble = "";
    if (list === undefined) return true;
    announcer.tellEnds(list.conversions);
    uploadRows.forgetListed(new Set(list.conversions.map(({ input }) => input.eTag)));
    return list.counts.running > 0;
  } catch (error) {
    trouble = `${reasonOf(error)} Trying again…`;
    showNotice(trouble);
    throw error;
  }
});

/** Does what was asked of a conversion, and looks at the list again. */
function act({ id }: ConversionSummary, action: () => Promise<unknown>): void {
  conversions.setBusy(id, true);
  action()
    .catch((error: unknown) => notify(reasonOf(error)))
    .finally(() => {
      conversions.setBusy(id, false);
      poller.expectNews();
    });
}

/** What came of a single action goes away by itself: it is of the past. */
function notify(text: string): void {
  showNotice(text);
  window.setTimeout(() => showNotice("", text), 8_000);
}

function showNotice(text: string, ifStill?: string): void {
  const place = byId("notice", HTMLElement);
  if (ifStill === undefined || place.textContent === ifStill) setText(place, text);
}

async function add(found: readonly NamedFile[]): Promise<void> {
  const { workloads } = await loadSettings();
  const suffixes = workloads.flatMap((one) => one.suffixes);
  const isTaken = ({ name }: NamedFile): boolean => suffixes.some((suffix) => name.toLowerCase().endsWith(suffix));
  // In a folder other files are no mistake. A file that was given by itself and is not taken, the app refuses in its words.
  const files = found.filter((file) => isTaken(file) || !file.isFromFolder);
  const skipped = found.length - files.length;
  const others = skipped === 0 ? "" : ` ${plural(skipped, "other")} left out: the app takes ${suffixes.join(", ")}.`;
  notify(`${plural(files.length, "file")} added.${others}`);
  uploads.add(files, (name) => optionFields.chosenFor(name));
}

function listenForDrops(): void {
  let depth = 0;
  const highlight = (isOver: boolean): void => void document.body.classList.toggle("over", isOver);
  const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    highlight(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!hasFiles(event)) return;
    depth -= 1;
    highlight(depth > 0);
  });
  document.addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    depth = 0;
    highlight(false);
    if (event.dataTransfer === null || !hasFiles(event)) return;
    event.preventDefault();
    void droppedFiles(event.dataTransfer)
      .then(add)
      .catch((error: unknown) => notify(`The files cannot be taken: ${reasonOf(error)}`));
  });
}

function listenForChoices(): void {
  for (const [buttonId, inputId] of [
    ["choose-files", "files"],
    ["choose-folder", "folder"],
  ] as const) {
    const input = byId(inputId, HTMLInputElement);
    byId(buttonId, HTMLElement).addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      add(chosenFiles(input)).catch((error: unknown) => notify(`The files cannot be taken: ${reasonOf(error)}`));
    });
  }
}

/** Retries what the filter shows, page by page, and tells how much that was. */
async function retryAll(): Promise<void> {
  const { prefix, code } = conversions.filter;
  let [started, refused] = [0, 0];
  let continuation: string | null = null;
  do {
    const filter = { ...(prefix && { prefix }), ...(code && { code }), ...(continuation !== null && { continuation }) };
    const answer = await api.retryAll(filter);
    started += answer.started;
    refused += answer.refused.length;
    continuation = answer.continuation;
    poller.expectNews();
  } while (continuation !== null);
  const others = refused === 0 ? "" : ` ${plural(refused, "other")} refused.`;
  notify(`${plural(started, "conversion")} started again.${others}`);
}

/** Asks again where the app did not answer. */
function loadSettings(): Promise<PageSettings> {
  settings ??= api.settings().then((loaded) => {
    showSettings(loaded);
    return loaded;
  });
  settings.catch(() => (settings = undefined));
  return settings;
}

function showSettings({ workloads }: PageSettings): void {
  const kinds = workloads.map(({ takes }) => takes).join(", ");
  setText(byId("drop-title", HTMLElement), `Drop ${kinds} or folders here`);
  byId("files", HTMLInputElement).accept = workloads.flatMap(({ suffixes }) => suffixes).join(",");
  optionFields.show(workloads);
}

listenForDrops();
listenForChoices();
byId("retry-all", HTMLButtonElement).addEventListener("click", ({ currentTarget }) => {
  const all = currentTarget as HTMLButtonElement;
  all.disabled = true;
  void retryAll()
    .catch((error: unknown) => notify(reasonOf(error)))
    .finally(() => (all.disabled = false));
});
window.addEventListener("beforeunload", (event) => {
  if (uploads.isBusy) event.preventDefault();
});
loadSettings().catch((error: unknown) => notify(reasonOf(error)));
poller.soon();
