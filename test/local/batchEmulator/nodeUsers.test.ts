import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { addPoolAndJob, refusal, startVirtualFixture } from "./emulator.ts";
import { raw } from "./rawHttp.ts";

const USER = { name: "somebody", password: "correct horse battery staple" };

async function startWithNode() {
  const fixture = await startVirtualFixture();
  await addPoolAndJob(fixture.client);
  await fixture.clock.advance(1000);
  const [node] = await fixture.client.computeNode.list("pool");
  return { ...fixture, users: `/pools/pool/nodes/${node?.id}/users`, nodeId: node?.id ?? "" };
}

test("users of a node are added, changed and deleted as on the service", async ({ expect }) => {
  const { emulator, users } = await startWithNode();

  const added = await raw(emulator, { method: "POST", path: users, body: { ...USER, isAdmin: false } });
  const changed = await raw(emulator, {
    method: "PUT",
    path: `${users}/somebody`,
    body: { sshPublicKey: "ssh-rsa AAAA", expiryTime: "2030-01-01T00:00:00Z" },
  });
  const deleted = await raw(emulator, { method: "DELETE", path: `${users}/somebody` });
  const again = await raw(emulator, { method: "DELETE", path: `${users}/somebody` });

  const url = `${emulator.endpoint}${users}/somebody`;
  expect(added).toMatchObject({ status: 201, text: "", headers: { location: url, dataserviceid: url } });
  expect(added.headers.etag).toBeUndefined();
  expect(changed).toMatchObject({ status: 200, text: "", headers: { dataserviceid: url } });
  expect(deleted).toMatchObject({ status: 200, text: "" });
  expect(deleted.headers["dataserviceid"]).toBeUndefined();
  expect(again).toMatchObject({
    status: 404,
    reason: "The specified node user does not exist.",
    json: { code: "NodeUserNotFound" },
  });
});

test("a user needs a name, and a password or a key; there is one of each name", async ({ expect }) => {
  const { client, nodeId } = await startWithNode();
  const add = (user: object) => refusal(client.computeNode.addUser("pool", nodeId, user as typeof USER));

  expect(await add(USER)).toEqual({ status: 0, code: "not refused" });
  expect(await add(USER)).toEqual({ status: 409, code: "NodeUserExists" });
  expect(await add({ name: "Somebody", sshPublicKey: "ssh-rsa AAAA" })).toMatchObject({ code: "not refused" });
  expect(await add({ name: "nobody" })).toEqual({ status: 400, code: "MissingRequiredProperty" });
  expect(await add({ ...USER, name: "" })).toEqual({ status: 400, code: "InvalidPropertyValue" });
  expect(await refusal(client.computeNode.updateUser("pool", nodeId, "nobody", {}))).toEqual({
    status: 404,
    code: "NodeUserNotFound",
  });
});

test("a node knows its users after a reboot but not after a reimage, and takes none while it restarts", async ({
  expect,
}) => {
  const { client, clock, nodeId } = await startWithNode();
  const add = () => refusal(client.computeNode.addUser("pool", nodeId, USER));
  await add();

  await client.computeNode.reboot("pool", nodeId);
  expect(await add()).toEqual({ status: 409, code: "NodeBeingRebooted" });
  await clock.advance(1000);
  expect(await add()).toEqual({ status: 409, code: "NodeUserExists" });

  await client.computeNode.reimage("pool", nodeId);
  await clock.advance(1000);
  expect(await add()).toEqual({ status: 0, code: "not refused" });
});

test("the password of a user is not kept", async ({ expect }) => {
  const { client, dataFolder, nodeId } = await startWithNode();

  await client.computeNode.addUser("pool", nodeId, USER);

  const journal = readFileSync(join(dataFolder, "batch", "journal.jsonl"), "utf8");
  expect(journal).toContain(USER.name);
  expect(journal).not.toContain(USER.password);
});
