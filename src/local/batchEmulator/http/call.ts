import type { ReadStream } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import type { ApiVersion } from "../apiVersions.ts";
import type { Engine } from "../engine/engine.ts";
import type { Version } from "../timestamp.ts";

/** An authenticated request for a known operation. */
export interface Call {
  readonly engine: Engine;
  readonly version: ApiVersion;
  /** Ids from the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  /** The JSON of the body; undefined when there is none. */
  readonly body: unknown;
  /** Scheme and host as the client knows them; absolute URLs in answers begin with it. */
  readonly baseUrl: string;
  /** Path and query as they arrived. */
  readonly rawUrl: string;
  readonly requestId: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly stream?: ReadStream;
  /** Set where the answer carries ETag and Last-Modified. */
  readonly version?: Version;
  /** The thing that was acted upon, as a URL. */
  readonly dataServiceId?: string;
}

export type Handler = (call: Call) => Reply | Promise<Reply>;

export interface Operation {
  /** As the REST reference names it. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** Absent where the emulator answers 501. */
  readonly handler?: Handler;
}

export function param(call: Call, name: string): string {
  return call.params[name] ?? "";
}

/** An answer with a JSON body, named as the service names it. */
export function entityReply(call: Call, kind: string, view: object, version?: Version): Reply {
  return {
    status: 200,
    body: { "odata.metadata": `${call.baseUrl}/$metadata#${kind}/@Element`, ...view },
    ...(version !== undefined && { version: { eTag: version.eTag, lastModified: version.lastModified } }),
  };
}

/** An answer without a body to a request that changed something. */
export function changeReply(call: Call, status: number, version?: Version): Reply {
  return {
    status,
    dataServiceId: call.baseUrl + (call.rawUrl.split("?")[0] ?? ""),
    ...(version !== undefined && { version: { eTag: version.eTag, lastModified: version.lastModified } }),
  };
}
