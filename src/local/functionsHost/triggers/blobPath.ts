import { UserError } from "../../kit/userError.ts";

export interface BlobPattern {
  readonly container: string;
  /** What every matching name begins with, for the listing. */
  readonly prefix: string;
  /** The values of the `{tokens}`; undefined if the name does not match. */
  match(blobName: string): Record<string, string> | undefined;
}

/** https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-blob-trigger#blob-name-patterns */
export function parseBlobPath(path: string, functionName: string): BlobPattern {
  const slash = path.indexOf("/");
  const container = slash < 0 ? path : path.slice(0, slash);
  const pattern = slash < 0 ? "{name}" : path.slice(slash + 1);
  if (!/^[a-z0-9$](?:[a-z0-9]|-(?=[a-z0-9])){2,62}$/.test(container)) {
    throw new UserError(
      "BadBlobPath",
      `Function ${functionName} has the blob path "${path}", and "${container}" is not a valid container name`,
      {
        hint: 'Write it as "container/{name}".',
      },
    );
  }
  const tokens: string[] = [];
  const source = pattern
    .split(/(\{[^{}]+\})/)
    .map((part) => {
      if (!part.startsWith("{")) return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      tokens.push(part.slice(1, -1));
      return "(.+)";
    })
    .join("");
  const expression = new RegExp(`^${source}$`, "s");
  return {
    container,
    prefix: pattern.split("{", 1)[0] ?? "",
    match(blobName) {
      const values = expression.exec(blobName);
      if (values === null) return undefined;
      return Object.fromEntries(tokens.map((token, index) => [token, values[index + 1] ?? ""]));
    },
  };
}
