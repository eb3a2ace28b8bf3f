import { refuse } from "./refuse.ts";

/** What XML cannot hold, and of the control characters also those that it can: Azure takes none of them. */
// oxlint-disable-next-line no-control-regex -- finding them is the point
const UNLISTABLE = /[\u0000-\u001F\uFFFE\uFFFF]/;

/**
 * Listings are XML, which has no place for some characters (https://www.w3.org/TR/xml/#charsets). Azurite takes them in
 * the names of blobs all the same, and then every listing of the container is answered with 500, or has another name in
 * it (U+000D). This refuses the requests that would make such a blob; one that is there already can be deleted.
 *
 * Azure answers control characters with 400, too:
 * https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata#resource-names
 * It does take U+FFFE and U+FFFF, and lists them percent-encoded, which Azurite cannot:
 * https://learn.microsoft.com/rest/api/storageservices/version-2021-02-12
 *
 * Relies on: `refuse`, and that blobs are made by PUT, with their name in the path.
 * Seen with: Azurite 3.35.0.
 * If it goes: one such upload ends the sweep for missed uploads, until somebody deletes the blob.
 */
refuse("refusesNames", ({ method, url = "" }) => {
  const [character] = method === "PUT" ? (UNLISTABLE.exec(decoded(url)) ?? []) : [];
  if (character === undefined) return undefined;
  const codePoint = `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  const message = `The specified resource name contains invalid characters: ${codePoint} cannot be in the name of a blob.`;
  return { status: 400, code: "InvalidResourceName", message };
});

/** The path as Azurite reads it. What it cannot decode it refuses itself. */
function decoded(url: string): string {
  const [path = ""] = url.split("?", 1);
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}
