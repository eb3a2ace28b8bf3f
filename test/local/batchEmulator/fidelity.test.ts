import { test } from "vitest";
import { addPoolAndJob, IMAGE, refusal, startVirtualFixture } from "./emulator.ts";
import { raw } from "./rawHttp.ts";

/*
 * What the service has been recorded or documented to answer where an emulator would easily answer something else.
 */

const POOL = { id: "p", vmSize: "standard_d2_v2", virtualMachineConfiguration: IMAGE };

test("each node has one endpoint per NAT pool, with its own port of the range, beside the one for SSH", async ({
  expect,
}) => {
  const { emulator, client, clock } = await startVirtualFixture();
  const nat = { protocol: "UDP", backendPort: 64_444, frontendPortRangeStart: 60_000, frontendPortRangeEnd: 61_000 };
  const withNat = (natPool: object) => ({
    ...POOL,
    targetDedicatedNodes: 2,
    networkConfiguration: { endpointConfiguration: { inboundNATPools: [{ name: "Web", ...nat, ...natPool }] } },
  });
  const add = (natPool: object) => raw(emulator, { method: "POST", path: "/pools", body: withNat(natPool) });

  await add({});
  await clock.advance(0);

  const endpoints = (await client.computeNode.list("p")).map((node) => node.endpointConfiguration?.inboundEndpoints);
  expect(
    endpoints.map((all) =>
      all?.map(({ name, protocol, frontendPort, backendPort }) => [name, protocol, frontendPort, backendPort]),
    ),
  ).toEqual([
    [
      ["Web.0", "udp", 60_000, 64_444],
      ["SSHRule.0", "tcp", 50_000, 22],
    ],
    [
      ["Web.1", "udp", 60_001, 64_444],
      ["SSHRule.1", "tcp", 50_001, 22],
    ],
  ]);
  for (const reserved of [{ backendPort: 22 }, { frontendPortRangeStart: 49_999, frontendPortRangeEnd: 50_000 }]) {
    expect((await add(reserved)).json["code"]).toBe("InvalidPropertyValue");
  }
});

test("images of unknown publishers, and ids that lead to no image, are refused in the words of the service", async ({
  expect,
}) => {
  const { emulator } = await startVirtualFixture();
  const add = async (imageReference: object) => {
    const body = { ...POOL, virtualMachineConfiguration: { ...IMAGE, imageReference } };
    const { status, json } = await raw(emulator, { method: "POST", path: "/pools", body });
    return { status, ...json };
  };
  const fake = "/subscriptions/s/resourceGroups/test/providers/Microsoft.Compute/gallery/FakeGallery/images/FakeImage";

  expect(await add({ publisher: "a", offer: "b", sku: "c" })).toMatchObject({
    status: 400,
    code: "InvalidPropertyValue",
    values: [
      {},
      {},
      { key: "Reason", value: "The specified imageReference with publisher a offer b sku c is not supported." },
    ],
  });
  expect(await add({ virtualMachineImageId: fake })).toMatchObject({
    status: 400,
    code: "InvalidPropertyValue",
    values: [
      { key: "PropertyName", value: "virtualMachineImageId" },
      { key: "PropertyValue", value: fake },
      {
        key: "Reason",
        value:
          "The specified resource id must be of the format /subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Compute/images/{imageName}, /subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Compute/galleries/{galleryName}/images/{galleryImageName}/versions/{galleryImageVersionName}, or /subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Compute/galleries/{galleryName}/images/{galleryImageName}",
      },
    ],
  });
  expect(await add({ virtualMachineImageId: fake.replace("gallery", "galleries") })).toEqual({ status: 201 });
});

test("a job that was just added or changed asks for a pause where that is chosen, and never otherwise", async ({
  expect,
}) => {
  const { client, clock } = await startVirtualFixture({ choices: { jobChangePauseSeconds: 30 } });
  const free = await startVirtualFixture();
  const change = { poolInfo: { poolId: "p" } };
  await client.job.add({ id: "job", ...change });

  const refused = await client.job.update("job", change).catch((error: unknown) => error);

  expect(refused).toMatchObject({ statusCode: 429, code: "TooManyRequests" });
  expect(
    (refused as { response: { headers: { get(name: string): string } } }).response.headers.get("retry-after"),
  ).toBe("30");
  await clock.advance(30_000);
  await client.job.update("job", change);
  expect(await refusal(client.job.disable("job", "requeue"))).toEqual({ status: 429, code: "TooManyRequests" });
  await free.client.job.add({ id: "job", ...change });
  await free.client.job.update("job", change);
});

test("what only describes a pool is kept and shown", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const shown = {
    upgradePolicy: { mode: "automatic", automaticOSUpgradePolicy: { enableAutomaticOSUpgrade: true } },
    resourceTags: { team: "a" },
  };
  const path = (id = "") => `/pools${id}?api-version=2024-02-01.19.0`;

  await raw(emulator, { method: "POST", path: path(), body: { ...POOL, ...shown, applicationLicenses: ["maya"] } });

  expect((await raw(emulator, { path: path("/p") })).json).toMatchObject({ ...shown, applicationLicenses: ["maya"] });
});

test("the older of two jobs goes first where the pool says so", async ({ expect }) => {
  const { emulator, client, clock } = await startVirtualFixture();
  const taskSchedulingPolicy = { jobDefaultOrder: "CreationTime", nodeFillType: "Spread" };
  const path = "/pools?api-version=2025-06-01";
  await raw(emulator, { method: "POST", path, body: { ...POOL, taskSchedulingPolicy } });
  await clock.advance(0);
  const jobs = Array.from({ length: 6 }, (_, n) => `job${n}`);
  for (const id of jobs) await client.job.add({ id, poolInfo: { poolId: "p" } });
  for (const id of [...jobs].reverse()) await client.task.add(id, { id: "task", commandLine: "work" });

  await client.pool.resize("p", { targetDedicatedNodes: 1 });
  await clock.advance(600_000);

  const started = await Promise.all(
    jobs.map(async (id) => (await client.task.get(id, "task")).executionInfo?.startTime),
  );
  expect(started).toEqual([...started].sort((a, b) => Number(a) - Number(b)));
  expect((await raw(emulator, { path: "/pools/p?api-version=2025-06-01" })).json).toMatchObject({
    taskSchedulingPolicy: { jobDefaultOrder: "creationtime", nodeFillType: "Spread" },
  });
});

test("disks and networks get the defaults of the service, in its two ways of writing", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const body = {
    ...POOL,
    networkConfiguration: {},
    virtualMachineConfiguration: {
      ...IMAGE,
      dataDisks: [{ lun: 1, diskSizeGB: 50 }],
      osDisk: { caching: "readwrite", diskSizeGB: 100 },
      securityProfile: { securityType: "trustedLaunch" },
    },
  };
  await raw(emulator, { method: "POST", path: "/pools?api-version=2024-02-01.19.0", body });

  expect((await raw(emulator, { path: "/pools/p?api-version=2024-02-01.19.0" })).json).toMatchObject({
    networkConfiguration: { dynamicVNetAssignmentScope: "none" },
    virtualMachineConfiguration: {
      dataDisks: [{ lun: 1, caching: "none", diskSizeGB: 50, storageAccountType: "standard_lrs" }],
      osDisk: { ephemeralOSDiskSettings: {}, diskSizeGB: 100, caching: "ReadWrite" },
      securityProfile: { securityType: "trustedlaunch" },
    },
  });
});

test("a pool whose properties were replaced has a mode, an empty list of certificates and no metadata", async ({
  expect,
}) => {
  const { emulator } = await startVirtualFixture();
  const targetNodeCommunicationMode = "Classic";
  const created = { ...POOL, targetNodeCommunicationMode, metadata: [{ name: "a", value: "b" }] };
  await raw(emulator, { method: "POST", path: "/pools", body: created });
  const before = (await raw(emulator, { path: "/pools/p" })).json;
  const body = { metadata: [], certificateReferences: [], applicationPackageReferences: [] };

  await raw(emulator, { method: "POST", path: "/pools/p/updateproperties", body });

  expect(before).toMatchObject({ targetNodeCommunicationMode: "classic" });
  expect(before).not.toHaveProperty("currentNodeCommunicationMode");
  const after = (await raw(emulator, { path: "/pools/p" })).json;
  expect(after).toMatchObject({ targetNodeCommunicationMode: "default", certificateReferences: [] });
  expect(after).not.toHaveProperty("metadata");
});

test("small answers: what comes first, what is empty, and how it is said", async ({ expect }) => {
  const { emulator, client } = await startVirtualFixture();
  await addPoolAndJob(client, { targetDedicatedNodes: 0 });
  const answer = async (options: Parameters<typeof raw>[1]) => {
    const { status, json, headers } = await raw(emulator, options);
    return { status, headers, ...json };
  };
  const formula = { enableAutoScale: true, autoScaleFormula: "$TargetDedicatedNodes=0;" };
  await raw(emulator, { method: "POST", path: "/pools", body: { ...POOL, id: "scaled", ...formula } });

  expect(await answer({ method: "POST", path: "/pools/none/resize", body: {} })).toMatchObject({
    status: 400,
    code: "MissingRequiredProperty",
    values: [{ key: "PropertyName", value: "targetDedicatedNodes and/or targetLowPriorityNodes" }],
  });
  expect(await answer({ path: "/jobs", authorization: null })).toMatchObject({
    status: 400,
    code: "MissingRequiredHeader",
    values: [{ key: "HeaderName", value: "Authorization" }],
  });
  expect(await answer({ path: "/jobs?maxresults=-5" })).toMatchObject({
    status: 400,
    code: "InvalidQueryParameterValue",
    values: [
      { key: "QueryParameterName", value: "maxresults" },
      { key: "QueryParameterValue", value: "-5" },
      { key: "Reason", value: "MaxResults cannot be less than 1" },
    ],
  });
  expect(await answer({ path: "/jobs/job/jobpreparationandreleasetaskstatus" })).toMatchObject({
    status: 409,
    code: "JobPreparationTaskOrReleaseTaskNotSpecified",
  });
  expect(await answer({ path: "/poolusagemetrics" })).toMatchObject({ status: 200, value: [] });
  const packages = { ...POOL, applicationPackageReferences: [{ applicationId: "app" }] };
  expect(await answer({ method: "POST", path: "/pools", body: packages })).toMatchObject({
    status: 409,
    code: "InvalidApplicationPackageReferences",
  });
  const counts = await client.account.listPoolNodeCounts();
  expect(counts.map(({ poolId }) => poolId)).toEqual(["pool", "scaled"]);
  const body = { autoScaleFormula: "$TargetDedicatedNodes=1;" };
  const { headers } = await answer({ method: "POST", path: "/pools/scaled/evaluateautoscale", body });
  expect(headers).not.toHaveProperty("etag");
  expect(headers).not.toHaveProperty("last-modified");
});
