import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { poolFormula } from "../../src/azure/batch/poolFormula.ts";
import { poolStartTaskFor } from "../../src/azure/batch/poolStartTask.ts";
import { readDeployment } from "../../src/cli/azure/deployment.ts";
import { DELIVERIES } from "../../src/cli/azure/eventSubscriptions.ts";
import { readConfig } from "../../src/config.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";

const main = read("main.bicep");
const app = read("modules/app.bicep");
const batch = read("modules/batch.bicep");
const access = read("modules/access.bicep");
const storage = read("modules/storage.bicep");

const DEFAULTS = readConfig({
  STORAGE__blobServiceUri: "https://a.blob.core.windows.net",
  BATCH_ACCOUNT_ENDPOINT: "https://a.westeurope.batch.azure.com",
});

/** What the Functions host reads, not the app. */
const OF_THE_HOST =
  /^(AzureWebJobsStorage__.*|STORAGE__credential|APPLICATIONINSIGHTS_(CONNECTION|AUTHENTICATION)_STRING)$/;

function read(path: string): string {
  return readFileSync(`infra/${path}`, "utf8");
}

function captures(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = ""]) => found);
}

test("every setting of the deployed app is one that the app or its host reads", () => {
  const block = /batchSettings: \{(.*?)\n {4}\}/s.exec(main)?.[1] ?? "";
  const set = [...captures(block, /^ +(\w+):/gm), ...captures(app, /^ {6}(\w+):/gm)].filter((name) =>
    /^[A-Z]\w*_|^AzureWebJobs/.test(name),
  );
  const asked = new Set<string>();
  const env = { STORAGE: "UseDevelopmentStorage=true", BATCH_ACCOUNT_ENDPOINT: "https://a.b" };
  readConfig(
    new Proxy<Record<string, string>>(env, { get: (values, name: string) => (asked.add(name), values[name]) }),
  );

  expect(set).toContain("BATCH_POOL_ID");
  expect(set).toContain("BLOB_TRIGGER_SOURCE");
  expect(set.filter((name) => !asked.has(name) && !OF_THE_HOST.test(name))).toEqual([]);
});

test("the containers are those of the app, and two of the deployment itself", () => {
  const names = captures(/var containers = \[(.*?)\]/s.exec(storage)?.[1] ?? "", /'([^']+)'/g);

  expect(new Set(names)).toEqual(new Set([...Object.values(DEFAULTS.containers), "app-package", "undelivered"]));
  const granted = captures(access, /container: '([^']+)'/g);
  expect(granted.filter((name) => !names.includes(name))).toEqual([]);
});

test("nodes may read inputs and scripts and write what tasks leave, and no more", () => {
  const rights = [...access.matchAll(/container: '(\S+)', role: roles\.(\w+), principal: (\w+)/g)].map(
    ([, container, role, principal]) => `${principal} ${role} ${container}`,
  );

  expect(rights).toEqual([
    "nodePrincipalId storageBlobDataReader input",
    "nodePrincipalId storageBlobDataReader application",
    "nodePrincipalId storageBlobDataContributor work",
    "topicPrincipalId storageBlobDataContributor undelivered",
  ]);
});

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
test("the roles are the built-in ones of their names", () => {
  const roles = Object.fromEntries(
    [...access.matchAll(/^ {2}(\w+): '([0-9a-f-]{36})'/gm)].map(([, name, id]) => [name, id]),
  );

  expect(roles).toEqual({
    storageBlobDataOwner: "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    storageBlobDataContributor: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    storageBlobDataReader: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    storageQueueDataContributor: "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    storageTableDataContributor: "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    azureBatchDataContributor: "6aaa78f1-f7de-44ca-8722-c64a23943cae",
    monitoringMetricsPublisher: "3913510d-42f4-4e42-8a64-420c390055eb",
  });
});

test("the hook connects containers of the app to blob triggers that it has", () => {
  const triggers = readdirSync("src/functions").flatMap((file) =>
    file.endsWith(".ts") ? captures(readFileSync(`src/functions/${file}`, "utf8"), /\.storageBlob\("(\w+)"/g) : [],
  );

  expect(DELIVERIES.map(({ functionName }) => functionName).toSorted()).toEqual(triggers.toSorted());
  const { input, staging } = DEFAULTS.containers;
  expect(DELIVERIES.map(({ container }) => container)).toEqual([input, staging]);
});

test("the template gives what the hook reads, and no secret", () => {
  const outputs = captures(main, /^output (\w+) /gm);
  const asked: string[] = [];
  const env = new Proxy<Record<string, string>>({}, { get: (_, name: string) => (asked.push(name), "1") });
  readDeployment(env);

  expect(asked.filter((name) => !outputs.includes(name))).toEqual([]);
  expect(outputs.filter((name) => /KEY|SECRET|CONNECTION|SAS/.test(name))).toEqual([]);
});

test("every parameter can be set in the azd environment, with the default of the template", () => {
  const parameters = [...main.matchAll(/^param (\w+) \w+(?: = (.*))?$/gm)];
  const { parameters: mapped } = JSON.parse(read("main.parameters.json")) as {
    parameters: Record<string, { value: string }>;
  };

  expect(Object.keys(mapped)).toEqual(parameters.map(([, name]) => name));
  for (const [, name = "", written] of parameters) {
    if (written === undefined || name === "principalId") continue;
    expect(mapped[name]?.value).toMatch(new RegExp(`=${written.replaceAll("'", "")}\\}$`));
  }
});

test("what the template takes for granted of the app is its default", () => {
  const value = (name: string) => new RegExp(`^param ${name} \\w+ = '?([^'\\n]*)'?$`, "m").exec(main)?.[1];

  expect(value("batchVmSize")).toBe(DEFAULTS.batch.vmSize);
  expect(Number(value("batchTaskSlotsPerNode"))).toBe(DEFAULTS.batch.taskSlotsPerNode);
  expect({
    mode: "auto",
    maxNodes: Number(value("batchMaxNodes")),
    dedicatedPercent: Number(value("batchDedicatedPercent")),
  }).toEqual(DEFAULTS.batch.scaling);
  const { publisher, offer, sku } = DEFAULTS.batch.image;
  expect(batch).toContain(`publisher: '${publisher}', offer: '${offer}', sku: '${sku}'`);
});

test.for([
  { maxNodes: 4, dedicatedPercent: 0, slots: 2 },
  { maxNodes: 10, dedicatedPercent: 25, slots: 4 },
  { maxNodes: 3, dedicatedPercent: 100, slots: 1 },
])("the pool of $maxNodes nodes, $dedicatedPercent % dedicated, has the formula of the app", (parameters) => {
  const { maxNodes, dedicatedPercent, slots } = parameters;
  const maxDedicated = dedicatedPercent === 0 ? 0 : Math.max(1, Math.floor((maxNodes * dedicatedPercent + 50) / 100));
  const values: Record<string, string | number> = {
    lookBack: /var lookBack = '(.*)'/.exec(batch)?.[1] ?? "",
    taskSlotsPerNode: slots,
    filledNodes: Array.from({ length: maxNodes }, (_, node) => `(tasks > ${node * slots})`).join(" + "),
    maxDedicated,
    maxSpot: maxNodes - maxDedicated,
  };
  const template = /var missingSpot = (.*?)\nresource account/s.exec(batch)?.[1] ?? "";
  const lines = captures(template, /'(.*;)'$/gm).map((line) =>
    line.replace(/\$\{(\w+)\}/g, (_, name: string) => String(values[name])),
  );

  const formula = poolFormula({ mode: "auto", maxNodes, dedicatedPercent }, slots).split("\n");
  expect(formula.filter((line) => !lines.includes(line) && line !== "missing = 0;")).toEqual([]);
  expect(template).toContain("['missing = 0;']");
});

test("the start task of the pool is that of the app", () => {
  const written = /^var startTask = '(.*)'$/m.exec(batch)?.[1]?.replaceAll("\\'", "'");
  const { nodeNeeds } = mp3;

  expect(written).toBe(poolStartTaskFor(nodeNeeds === undefined ? [] : [nodeNeeds])?.commandLine);
});
