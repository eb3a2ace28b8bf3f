/**
 * Control and format characters, half characters, and whatever is invisible or changes the reading direction: in a file
 * name they could move the cursor, recolour the terminal or make one name look like another.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** The text with every character that could mess up a terminal written out as `\u{…}`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** As `printable`, but the text keeps its lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** The value as JSON that is safe to show on a terminal; `JSON.stringify` escapes only some of those characters. */
export function printableJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(UNSAFE, (character) =>
    character === "\n" ? character : character.replace(/[^]/g, escapedUnit),
  );
}

function escapedUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
