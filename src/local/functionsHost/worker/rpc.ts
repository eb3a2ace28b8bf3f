import type { LogLevel } from "../log.ts";

/**
 * What passes between a Functions host and its Node worker, as far as this host uses it.
 * https://github.com/Azure/azure-functions-language-worker-protobuf
 */
export interface RpcTypedData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly int?: number;
  readonly double?: number;
  readonly http?: RpcHttpRequest | RpcHttpResponse | Record<string, never>;
  readonly modelBindingData?: {
    readonly version: string;
    readonly source: string;
    readonly contentType: string;
    readonly content: Uint8Array;
  };
}

type NullableStrings = Readonly<Record<string, { readonly value: string }>>;

export interface RpcHttpRequest {
  readonly url: string;
  readonly method: string;
  readonly nullableHeaders: NullableStrings;
  readonly nullableQuery: NullableStrings;
  readonly nullableParams: NullableStrings;
  readonly body?: RpcTypedData;
}

export interface RpcHttpResponse {
  readonly statusCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly RpcHttpCookie[];
  readonly body?: RpcTypedData | null;
}

export interface RpcHttpCookie {
  readonly name: string;
  readonly value: string;
  readonly path?: { readonly value: string };
  readonly domain?: { readonly value: string };
  readonly expires?: { readonly value: unknown };
  readonly maxAge?: { readonly value: number };
  readonly secure?: { readonly value: boolean };
  readonly httpOnly?: { readonly value: boolean };
  readonly sameSite?: string;
}

interface RpcInvocationRequest {
  readonly invocationId: string;
  readonly functionId: string;
  readonly inputData: { readonly name: string; readonly data: RpcTypedData | null }[];
  readonly triggerMetadata: Readonly<Record<string, RpcTypedData>>;
  readonly traceContext: {
    readonly traceParent: string;
    readonly traceState: string;
    readonly attributes: Readonly<Record<string, string>>;
  };
  readonly retryContext?: RpcRetryContext;
}

export interface RpcRetryContext {
  readonly retryCount: number;
  readonly maxRetryCount: number;
  /** Of the attempt before. */
  readonly exception?: { readonly source: string; readonly message: string; readonly stackTrace: string };
}

export interface RpcInvocationResponse {
  readonly invocationId: string;
  readonly returnValue?: RpcTypedData | null;
  /** Of the output bindings that got a value, the returned one excepted. */
  readonly outputData?: readonly { readonly name: string; readonly data: RpcTypedData }[];
}

export type RpcLogCategory = "user" | "system" | "customMetric";

export interface Binding {
  readonly name: string;
  readonly type: string;
  readonly direction: "in" | "out" | "inout";
  readonly properties?: { readonly supportsDeferredBinding?: string };
  readonly [option: string]: unknown;
}

export interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Omit<Binding, "name">>>;
  readonly retryOptions?: unknown;
}

export type FunctionCallback = (...inputs: unknown[]) => unknown;

/** https://github.com/Azure/azure-functions-nodejs-worker/blob/v4.x/types-core/index.d.ts */
export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
  getCapabilities(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

interface InvocationModel {
  getArguments(): Promise<{ context: InvocationContext; inputs: unknown[] }>;
  invokeFunction(context: InvocationContext, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: InvocationContext, result: unknown): Promise<RpcInvocationResponse>;
}

/** What a handler gets as its last argument; durable-functions adds `df`. */
export interface InvocationContext {
  df?: unknown;
}

export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly request: RpcInvocationRequest;
  readonly metadata: FunctionMetadata;
  state: "preInvocationHooks" | "invocation" | "postInvocationHooks" | undefined;
  log(level: LogLevel, category: RpcLogCategory, message: string): void;
}
