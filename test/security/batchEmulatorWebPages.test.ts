import { test } from "vitest";
import { startVirtualFixture } from "../local/batchEmulator/emulator.ts";
import { raw } from "../local/batchEmulator/rawHttp.ts";

/** Signed with the public key, as a page could do it. */
async function addJob(headers: Record<string, string>, host = "127.0.0.1") {
  const { emulator, client } = await startVirtualFixture({ host });
  const body = { id: "job", poolInfo: { poolId: "pool" } };
  const { status, text } = await raw(emulator, { method: "POST", path: "/jobs", body, headers });
  const jobs = await client.job.list();
  return { status, text, hasJob: jobs.length === 1 };
}

test.for([
  ["the host of another site, which points to this machine", { host: "evil.example:10010" }],
  ["an address of another machine", { host: "192.168.1.5:10010" }],
  ["another origin", { origin: "http://evil.example" }],
  ["the origin of another server on this machine", { origin: "http://localhost:8080" }],
  ["the origin of a sandboxed page or a file", { origin: "null" }],
] as const)(
  "a request with %s is refused although it is signed, and changes nothing",
  async ([, headers], { expect }) => {
    expect(await addJob(headers)).toEqual({
      status: 403,
      text: expect.stringMatching(/^The request .*\.$/m),
      hasJob: false,
    });
  },
);

test.for(["localhost", "localhost:10010", "batch.localhost", "127.0.0.1", "127.1.2.3:1", "[::1]:10010"])(
  "a request for the host %s is answered",
  async (host, { expect }) => {
    expect(await addJob({ host })).toMatchObject({ status: 201, hasJob: true });
  },
);

test("an emulator that other machines reach answers to addresses, but to no name of a site", async ({ expect }) => {
  expect(await addJob({ host: "192.168.1.5:10010" }, "0.0.0.0")).toMatchObject({ status: 201 });
  expect(await addJob({ host: "evil.example" }, "0.0.0.0")).toMatchObject({ status: 403, hasJob: false });
});

test("no page is allowed to read answers, or to ask whether it may send requests", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const preflight = { origin: "http://evil.example", "access-control-request-method": "POST" };

  const asked = await raw(emulator, { method: "OPTIONS", path: "/jobs", headers: preflight });
  const listed = await raw(emulator, { path: "/jobs" });

  expect(asked.status).toBe(403);
  expect(
    [asked, listed].flatMap(({ headers }) => Object.keys(headers)).filter((name) => name.startsWith("access-")),
  ).toEqual([]);
});
