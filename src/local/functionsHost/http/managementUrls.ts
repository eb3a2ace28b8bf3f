export interface HubAddress {
  /** For example `http://127.0.0.1:7071/runtime/webhooks/durabletask`. */
  readonly webhookUrl: string;
  /** With a trailing slash. */
  readonly rpcUrl: string;
  readonly hubName: string;
  readonly systemKey: string;
}

const ID_PLACEHOLDER = "INSTANCEID";

/** What a durable client binding gives the SDK. */
export function clientBindingData(address: HubAddress): object {
  const { webhookUrl, rpcUrl, hubName } = address;
  const create = `${webhookUrl}/orchestrators/{functionName}[/{instanceId}]`;
  return {
    taskHubName: hubName,
    creationUrls: {
      createNewInstancePostUri: `${create}?${required(address)}`,
      createAndWaitOnNewInstancePostUri: `${create}?timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&${required(address)}`,
    },
    managementUrls: { id: ID_PLACEHOLDER, ...managementUrls(address, ID_PLACEHOLDER) },
    baseUrl: webhookUrl,
    requiredQueryStringParameters: required(address),
    rpcBaseUrl: rpcUrl,
  };
}

export function managementUrls(address: HubAddress, id: string): Record<string, string> {
  const query = `taskHub=${address.hubName}&connection=Storage&${required(address)}`;
  const instance = `${address.webhookUrl}/instances/${id === ID_PLACEHOLDER ? id : encodeURIComponent(id)}`;
  return {
    statusQueryGetUri: `${instance}?${query}`,
    sendEventPostUri: `${instance}/raiseEvent/{eventName}?${query}`,
    terminatePostUri: `${instance}/terminate?reason={text}&${query}`,
    rewindPostUri: `${instance}/rewind?reason={text}&${query}`,
    purgeHistoryDeleteUri: `${instance}?${query}`,
    restartPostUri: `${instance}/restart?${query}`,
    suspendPostUri: `${instance}/suspend?reason={text}&${query}`,
    resumePostUri: `${instance}/resume?reason={text}&${query}`,
  };
}

function required({ systemKey }: HubAddress): string {
  return `code=${systemKey}`;
}
