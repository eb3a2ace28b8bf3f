import type { FailureInfo } from "../model/records.ts";

/** Says nothing of URLs: they carry signatures. */
export function transferFailure(
  category: FailureInfo["category"],
  code: string,
  message: string,
  path: string,
  status?: number,
  cause?: string,
): FailureInfo {
  const details = [
    { name: "FilePath", value: path },
    ...(status === undefined ? [] : [{ name: "HttpStatusCode", value: String(status) }]),
    ...(cause === undefined ? [] : [{ name: "Message", value: cause }]),
  ];
  return { category, code, message, details };
}
