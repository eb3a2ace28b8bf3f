import type { IncomingHttpHeaders } from "node:http";

interface StorageRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * What a request of the app does, such as `PUT output json failed`: to which kind of blob, under which conditions. Undefined
 * for requests that are not the app's, which come with a signature in the URL, and for those of whole containers.
 */
export function kindOf({ method, url = "/", headers }: StorageRequest): string | undefined {
  const { pathname, searchParams } = new URL(url, "http://storage");
  const [, , container, ...name] = pathname.split("/");
  const isApp = headers.authorization !== undefined && headers["user-agent"]?.includes("azsdk-js") === true;
  if (!isApp || container === undefined || name.length === 0 || searchParams.has("restype")) return undefined;
  const file = name.at(-1) ?? "";
  const conditions = ["if-match", "if-none-match"].filter((condition) => headers[condition] !== undefined);
  const what = [method, searchParams.get("comp"), container, file.slice(file.lastIndexOf(".") + 1).toLowerCase()];
  return [...what, headers["x-ms-meta-status"], ...conditions].filter((word) => typeof word === "string").join(" ");
}
