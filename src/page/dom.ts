/** The element of the page with that id. Throws a `TypeError` if the page has none, or one of another kind. */
export function byId<T extends Element>(id: string, kind: abstract new (...args: never[]) => T): T {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new TypeError(`The page has no ${kind.name} "${id}"`);
}

type Child = Node | string;

/** Strings become text, whatever they hold: names of files never reach a parser of HTML. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Longer ones would be read out to their end. */
const MAX_SPOKEN_NAME = 80;

/** `target` says to those who do not see where the button is what it is for. */
export function button(text: string, target: string, onClick: () => void): HTMLButtonElement {
  const name = target.length > MAX_SPOKEN_NAME ? `${target.slice(0, MAX_SPOKEN_NAME)}…` : target;
  const element = make("button", { type: "button", "aria-label": `${text} ${name}` }, text);
  element.addEventListener("click", onClick);
  return element;
}

/** Leaves the document alone where nothing changes, so that readers of the screen and selections are not disturbed. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The folders of a name are shown in a quieter colour. Text of either direction keeps to itself. */
export function nameElements(name: string): HTMLElement {
  const slash = name.lastIndexOf("/") + 1;
  const parts = slash === 0 ? [name] : [make("span", { class: "folder" }, name.slice(0, slash)), name.slice(slash)];
  return make("bdi", {}, ...parts);
}
