import { byId, nameElements } from "./dom.ts";

/** One player for all results: what plays goes on while the list changes. */
export class Player {
  readonly #bar = byId("player", HTMLElement);
  readonly #audio = byId("audio", HTMLAudioElement);

  constructor() {
    byId("player-close", HTMLElement).addEventListener("click", () => this.#close());
  }

  async play(name: string, url: string): Promise<void> {
    byId("player-name", HTMLElement).replaceChildren(nameElements(name));
    this.#bar.hidden = false;
    document.body.classList.add("playing");
    this.#audio.src = url;
    await this.#audio.play();
  }

  #close(): void {
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    this.#bar.hidden = true;
    document.body.classList.remove("playing");
  }
}

/** Has the browser save what the URL answers, under the name that it says. */
export function save(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  // Storage on this machine answers only to who says where they are from.
  link.referrerPolicy = "origin";
  link.click();
}
