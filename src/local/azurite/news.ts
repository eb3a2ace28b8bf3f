import { join } from "node:path";

/** In Azurite's environment: the path of the news file in which it tells of blobs. */
export const NEWS_VARIABLE = "AZURITE_NEWS_FILE";

/** Where the Azurite that keeps its blobs in this folder tells of them. */
export function blobNewsIn(folder: string): string {
  return join(folder, "blob-news.jsonl");
}
