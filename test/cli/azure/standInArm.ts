import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { listen } from "../../azure/standInAzure.ts";

/** A request to Azure Resource Manager, by method and path below the resource group. */
export interface ArmRequest {
  readonly method: string;
  readonly path: string;
  readonly apiVersion: string | null;
  readonly filter: string | null;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

export interface ArmAnswer {
  /** 0: the connection breaks before there is an answer. */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface StandInArm {
  readonly url: string;
  readonly requests: readonly ArmRequest[];
}

export const GROUP = "/subscriptions/5ab5c41b-0000-4000-8000-000000000001/resourceGroups/rg-test";

/** The outputs of infra/main.bicep, as azd keeps them. */
export const AZD_ENV = {
  AZURE_SUBSCRIPTION_ID: "5ab5c41b-0000-4000-8000-000000000001",
  AZURE_RESOURCE_GROUP: "rg-test",
  AZURE_FUNCTION_APP_NAME: "func-test",
  AZURE_FUNCTION_APP_URL: "https://func-test.azurewebsites.net",
  AZURE_EVENT_GRID_TOPIC_NAME: "evgt-test",
  AZURE_STORAGE_ACCOUNT_NAME: "sttest",
  AZURE_BATCH_ACCOUNT_NAME: "batest",
  BATCH_VM_SIZE: "standard_d2ds_v5",
  BATCH_TASK_SLOTS_PER_NODE: "2",
  BATCH_MAX_NODES: "4",
  BATCH_DEDICATED_PERCENT: "0",
};

/** A server that answers as Azure Resource Manager does; what it answers is the test's. */
export async function startStandInArm(answer: (request: ArmRequest) => ArmAnswer): Promise<StandInArm> {
  const requests: ArmRequest[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://127.0.0.1");
    const body = await text(request);
    const received: ArmRequest = {
      method: request.method ?? "",
      path: pathname.replace(GROUP, ""),
      apiVersion: searchParams.get("api-version"),
      filter: searchParams.get("$filter"),
      authorization: request.headers.authorization,
      body: body === "" ? undefined : JSON.parse(body),
    };
    requests.push(received);
    const { status, headers, body: answered } = answer(received);
    if (status === 0) return void request.socket.destroy();
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(answered === undefined ? "" : JSON.stringify(answered));
  };
  const server = createServer((request, response) => void respond(request, response));
  return { url: `http://127.0.0.1:${await listen(server)}`, requests };
}

/** https://learn.microsoft.com/azure/azure-resource-manager/management/common-deployment-errors */
export function armError(status: number, code: string, message: string): ArmAnswer {
  return { status, body: { error: { code, message } } };
}
