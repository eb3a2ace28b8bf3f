import { expect, test } from "vitest";
import { batchScope } from "../../src/azure/batch/client.ts";

test.for([
  ["https://acct.westeurope.batch.azure.com", "https://batch.core.windows.net/.default"],
  ["https://acct.chinaeast2.batch.chinacloudapi.cn", "https://batch.chinacloudapi.cn/.default"],
  ["https://acct.usgovvirginia.batch.usgovcloudapi.net", "https://batch.core.usgovcloudapi.net/.default"],
  ["https://127.0.0.1:10010", "https://batch.core.windows.net/.default"],
] as const)("the account at %s takes tokens for %s", ([endpoint, scope]) => {
  expect(batchScope(endpoint)).toBe(scope);
});
