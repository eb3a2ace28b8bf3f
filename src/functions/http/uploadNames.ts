import { MAX_BLOB_NAME_LENGTH } from "../../model/identity.ts";

/** https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata#blob-names */
const MAX_SEGMENTS = 254;

/**
 * Why a file cannot have this name in the input container, as a sentence; undefined if it can. Storage would take some of
 * these, but as another name than was asked for: clients and proxies resolve `..`, and take `\` for `/`.
 */
export function whyBadName(name: string): string | undefined {
  if (name === "") return "name is missing: the name of the file in the input container, for example talks/intro.mp4.";
  if (name.length > MAX_BLOB_NAME_LENGTH) {
    return `The name has ${name.length} characters; ${MAX_BLOB_NAME_LENGTH} is the most.`;
  }
  // Control characters, and what Unicode says is none: U+FFFE, U+FFFF and half a pair of surrogates.
  if (/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(name)) return `The name has a control character, or half a character.`;
  if (name.includes("\\")) return `The name "${name}" has a backslash: folders are separated by /.`;
  const segments = name.split("/");
  if (segments.length > MAX_SEGMENTS) return `The name has ${segments.length} folders; ${MAX_SEGMENTS} is the most.`;
  if (segments.includes("")) return `The name "${name}" begins or ends with /, or has two of them in a row.`;
  const dotted = segments.find((segment) => /^\.+$/.test(segment) || segment.endsWith("."));
  if (dotted !== undefined) return `The name "${name}" has a part that ends with a dot, "${dotted}".`;
  return undefined;
}
