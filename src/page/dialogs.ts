import { byId, setText } from "./dom.ts";

/** Shows a text that is still on its way. */
export async function showLog(name: string, text: Promise<string>): Promise<void> {
  const dialog = byId("log-dialog", HTMLDialogElement);
  const [title, body] = [byId("log-title", HTMLElement), byId("log-text", HTMLElement)];
  byId("log-close", HTMLElement).onclick = () => dialog.close();
  setText(title, `Log of ${name}`);
  setText(body, "Loading…");
  dialog.showModal();
  const shown = await text.catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  setText(body, shown === "" ? "The log is empty." : shown);
}

/** Resolves once the user has given one. */
export function askForKey(wasRefused: boolean): Promise<string> {
  const dialog = byId("key-dialog", HTMLDialogElement);
  const input = byId("key", HTMLInputElement);
  const why = wasRefused
    ? "The app does not take this key. Is it a function key of this app, or its default key?"
    : "The app asks for a function key. Whoever runs it can give you one, or a link to this page that holds it.";
  setText(byId("key-why", HTMLElement), why);
  input.value = "";
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    byId("key-form", HTMLFormElement).onsubmit = (event) => {
      event.preventDefault();
      dialog.close();
      resolve(input.value.trim());
    };
  });
}
