import { azurite, patch } from "./patch.ts";

interface Utils {
  isURITemplateMatch: (path: string, template: string) => boolean;
}

/** All there are, many times over: Azurite puts placeholders in the place of names, so paths are few. */
const MAX_REMEMBERED = 1_000;

/**
 * To find out what a request wants, Azurite compares its path with the template of each operation, which it parses anew each
 * time. This remembers the answers.
 *
 * Relies on: Azurite asks by `isURITemplateMatch`, whose answer depends on nothing but its arguments.
 * Seen with: Azurite 3.31.0 to 3.35.0.
 * If it goes: requests take more processor time.
 */
patch("matchesOnce", () => {
  const utils = azurite("./blob/generated/utils/utils") as Utils;
  const { isURITemplateMatch } = utils;
  if (typeof isURITemplateMatch !== "function") throw new Error("Azurite compares paths by other functions");
  const remembered = new Map<string, boolean>();
  utils.isURITemplateMatch = function matchOnce(path, template) {
    const key = `${template}\n${path}`;
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const isMatch = isURITemplateMatch(path, template);
    if (remembered.size < MAX_REMEMBERED) remembered.set(key, isMatch);
    return isMatch;
  };
});
