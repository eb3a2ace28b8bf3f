import { test } from "vitest";
import { kindOf } from "./requestKinds.ts";

const OF_APP = { authorization: "SharedKey a:b", "user-agent": "azsdk-js-azure-storage-blob/12" };

test.for([
  ["GET", "/acc/application/decisions/id.json", {}, "GET application json"],
  [
    "PUT",
    "/acc/output/a/b.mp3.json",
    { "x-ms-meta-status": "failed", "if-match": '"1"' },
    "PUT output json failed if-match",
  ],
  ["PUT", "/acc/output/a/b.MP3?comp=copy", { "if-none-match": "*" }, "PUT copy output mp3 if-none-match"],
  ["HEAD", "/acc/input/a/b.mp4", { "if-match": '"1"' }, "HEAD input mp4 if-match"],
  ["GET", "/acc/input?restype=container&comp=list", {}, undefined],
  ["PUT", "/acc/input?restype=container", {}, undefined],
] as const)("%s %s with %o is of kind %s", ([method, url, headers, kind], { expect }) => {
  expect(kindOf({ method, url, headers: { ...OF_APP, ...headers } })).toBe(kind);
});

test("requests of tasks, which carry a signature in the URL, are of no kind", ({ expect }) => {
  expect(kindOf({ method: "GET", url: "/acc/input/a.mp4?sig=x", headers: {} })).toBe(undefined);
});
