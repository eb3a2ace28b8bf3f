/**
 * What the ids of conversions begin with, in an order that begins at any of the 16 places. Ids are hashes, so each place holds
 * a sixteenth of them.
 */
export function idPlaces(first: number): string[] {
  return Array.from({ length: 16 }, (_, index) => ((first + index) % 16).toString(16));
}
