/**
 * What an orchestrator function returns. The numbers are those of the protocol.
 * https://github.com/Azure/azure-functions-durable-js/blob/v3.x/src/actions/ActionType.ts
 */
export const ActionType = {
  CallActivity: 0,
  CallActivityWithRetry: 1,
  CallSubOrchestrator: 2,
  CallSubOrchestratorWithRetry: 3,
  ContinueAsNew: 4,
  CreateTimer: 5,
  WaitForExternalEvent: 6,
  CallEntity: 7,
  CallHttp: 8,
  SignalEntity: 9,
  WhenAny: 11,
  WhenAll: 12,
  LockEntities: 13,
  ReleaseEntities: 14,
} as const;

export interface RetryOptions {
  readonly firstRetryIntervalInMilliseconds: number;
  readonly maxNumberOfAttempts: number;
  readonly backoffCoefficient?: number;
  readonly maxRetryIntervalInMilliseconds?: number;
  readonly retryTimeoutInMilliseconds?: number;
}

export interface HttpRequestOptions {
  readonly method: string;
  readonly uri: string;
  readonly content?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tokenSource?: unknown;
  readonly asynchronousPatternEnabled?: boolean;
}

interface Call {
  readonly functionName: string;
  readonly input?: unknown;
}

export type Action =
  | ({ readonly actionType: typeof ActionType.CallActivity } & Call)
  | ({ readonly actionType: typeof ActionType.CallActivityWithRetry; readonly retryOptions: RetryOptions } & Call)
  | ({ readonly actionType: typeof ActionType.CallSubOrchestrator } & SubOrchestrationCall)
  | ({
      readonly actionType: typeof ActionType.CallSubOrchestratorWithRetry;
      readonly retryOptions: RetryOptions;
    } & SubOrchestrationCall)
  | { readonly actionType: typeof ActionType.ContinueAsNew; readonly input?: unknown }
  | { readonly actionType: typeof ActionType.CreateTimer; readonly fireAt: string; readonly isCanceled: boolean }
  | { readonly actionType: typeof ActionType.WaitForExternalEvent; readonly externalEventName: string }
  | ({ readonly actionType: typeof ActionType.CallEntity } & EntityOperation)
  | ({ readonly actionType: typeof ActionType.SignalEntity } & EntityOperation)
  | { readonly actionType: typeof ActionType.CallHttp; readonly httpRequest: HttpRequestOptions }
  | { readonly actionType: typeof ActionType.WhenAny; readonly compoundActions: readonly Action[] }
  | { readonly actionType: typeof ActionType.WhenAll; readonly compoundActions: readonly Action[] }
  | { readonly actionType: typeof ActionType.LockEntities; readonly lockSet: readonly EntityName[] }
  | { readonly actionType: typeof ActionType.ReleaseEntities };

export interface EntityName {
  readonly name: string;
  readonly key: string;
}

interface SubOrchestrationCall extends Call {
  readonly instanceId?: string;
  readonly version?: string;
}

interface EntityOperation {
  readonly instanceId: string;
  readonly operation: string;
  readonly input?: unknown;
}

export interface OrchestratorState {
  readonly isDone: boolean;
  readonly actions: readonly (readonly Action[])[];
  readonly output?: unknown;
  readonly error?: string;
  readonly failureDetails?: unknown;
  readonly customStatus?: unknown;
}

/** What the engine runs for `callHttp`; no function of an app can have this name. */
export const HTTP_ACTIVITY = "BuiltIn::HttpActivity";
