import type { IncomingMessage } from "node:http";
import { test } from "vitest";
import { foreignRequest } from "../../../src/local/kit/requestOrigin.ts";

function judge(rawHeaders: string[], { bound = "127.0.0.1", url = "/" } = {}): string | undefined {
  return foreignRequest({ rawHeaders, url } as IncomingMessage, bound);
}

test.for([
  "localhost",
  "LocalHost:7071",
  "app.localhost:7071",
  "127.0.0.1",
  "127.0.0.1:7071",
  "127.255.1.2:7071",
  "[::1]",
  "[::1]:7071",
  "[0:0:0:0:0:0:0:1]:7071",
  "[::ffff:127.0.0.1]:7071",
])("the host %s is this machine", (host, { expect }) => {
  expect(judge(["Host", host])).toBeUndefined();
});

test.for([
  "evil.example",
  "evil.example:7071",
  "localhost.evil.example",
  "evillocalhost",
  "127.0.0.1.evil.example",
  "192.168.1.5:7071",
  "0.0.0.0:7071",
  "[::2]:7071",
  "localhost@evil.example",
  "evil.example#localhost",
  "localhost:7071:7071",
  "localhost:port",
  "",
])("the host %j is refused with what to do", (host, { expect }) => {
  expect(judge(["Host", host])).toContain("Use localhost or 127.0.0.1 in the URL.");
});

test("a request without a host, or with two, is refused", ({ expect }) => {
  expect(judge([])).toContain("names the host nothing");
  expect(judge(["Host", "localhost", "host", "localhost"])).toContain('"localhost" and "localhost"');
});

test("the address or name that the server was told to listen on is its own, and no other is", ({ expect }) => {
  expect(judge(["Host", "192.168.1.5:7071"], { bound: "192.168.1.5" })).toBeUndefined();
  expect(judge(["Host", "build-server:7071"], { bound: "Build-Server" })).toBeUndefined();
  expect(judge(["Host", "[fd00::1]:7071"], { bound: "fd00::1" })).toBeUndefined();
  expect(judge(["Host", "192.168.1.6:7071"], { bound: "192.168.1.5" })).toContain("192.168.1.6");
});

test.for(["0.0.0.0", "::"])(
  "a server that listens on %s answers to every address, but to no name",
  (bound, { expect }) => {
    expect(judge(["Host", "192.168.1.5:7071"], { bound })).toBeUndefined();
    expect(judge(["Host", "[fd00::1]"], { bound })).toBeUndefined();
    expect(judge(["Host", "localhost"], { bound })).toBeUndefined();
    expect(judge(["Host", "evil.example"], { bound })).toContain("evil.example");
  },
);

test.for([
  ["http://localhost:7071", "localhost:7071"],
  ["http://LOCALHOST:7071", "localhost:7071"],
  ["http://localhost", "localhost:80"],
  ["http://[::1]:7071", "[::1]:7071"],
] as const)("a page of %s may talk to %s", ([origin, host], { expect }) => {
  expect(judge(["Host", host, "Origin", origin])).toBeUndefined();
});

test.for([
  "http://evil.example",
  "http://localhost:8080",
  "http://127.0.0.1:7071",
  "https://localhost:7071",
  "http://localhost:7071/",
  "http://localhost:7071.evil.example",
  "null",
  "",
  "file://",
])("a page of %j may not talk to localhost:7071", (origin, { expect }) => {
  expect(judge(["Host", "localhost:7071", "Origin", origin])).toContain("at http://localhost:7071.");
});

test.for(["cross-site", "same-site", "Cross-Site"])(
  "a request that a browser calls %s comes from a page, even without an origin",
  (site, { expect }) => {
    const headers = ["Host", "localhost:7071", "Sec-Fetch-Site", site];
    expect(judge(headers)).toContain('"null"');
    expect(judge([...headers, "Referer", "http://evil.example/page"])).toContain('"http://evil.example"');
    expect(judge([...headers, "Referer", "no URL"])).toContain('"null"');
    expect(judge([...headers, "Referer", "http://localhost:7071/", "Referer", "http://evil.example/"])).toContain(
      "evil",
    );
    expect(judge([...headers, "Referer", "http://localhost:7071/page"])).toBeUndefined();
  },
);

test.for(["none", "same-origin"])(
  "a request that a browser calls %s comes from its user or from an own page",
  (site, { expect }) => {
    expect(judge(["Host", "localhost:7071", "Sec-Fetch-Site", site])).toBeUndefined();
  },
);

test("a port that cannot be is no reason to fail", ({ expect }) => {
  expect(judge(["Host", "localhost:99999", "Origin", "http://localhost:99999"])).toContain("99999");
});

test("one foreign origin among several is enough to be refused", ({ expect }) => {
  const own = "http://localhost:7071";
  expect(judge(["Host", "localhost:7071", "Origin", own, "ORIGIN", "http://evil.example"])).toContain("evil.example");
});

test("a target that is a whole URL must name the same host", ({ expect }) => {
  const headers = ["Host", "localhost:7071"];
  expect(judge(headers, { url: "http://localhost:7071/pools" })).toBeUndefined();
  expect(judge(headers, { url: "http://evil.example/pools" })).toContain("evil.example");
  expect(judge(headers, { url: "http://localhost:7071@evil.example/" })).toContain("evil.example");
  expect(judge(["Host", "evil.example"], { url: "http://localhost:7071/" })).toContain("evil.example");
});

test("what a stranger sends is shortened and escaped in the answer", ({ expect }) => {
  const reason = judge(["Host", `\u001B[31m${"x".repeat(10_000)}`]) ?? "";

  expect(reason.length).toBeLessThan(400);
  expect(reason).not.toContain("\u001B");
});
