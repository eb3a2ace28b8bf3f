import { ERROR_CATALOGUE } from "./errorCatalogue.ts";

/** Codes of the service; clients branch on them, so they match it exactly. */
export type ServiceErrorCode = keyof typeof ERROR_CATALOGUE;

interface ErrorDetail {
  readonly key: string;
  readonly value: string;
}

/** A refusal in the words of the service. https://learn.microsoft.com/rest/api/batchservice/batch-status-and-error-codes */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: ServiceErrorCode;
  readonly values: readonly ErrorDetail[];
  /** After which the client may try again; sent as a header. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ServiceErrorCode,
    options: { message?: string; values?: readonly ErrorDetail[]; retryAfterSeconds?: number | undefined } = {},
  ) {
    super(options.message ?? ERROR_CATALOGUE[code][1]);
    this.code = code;
    this.values = options.values ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return ERROR_CATALOGUE[this.code][0];
  }

  /** Code, message and values, as in an error answer and in the result of one task of a collection. */
  toBody(requestId: string, time: string): object {
    return {
      code: this.code,
      message: { lang: "en-US", value: `${this.message}\nRequestId:${requestId}\nTime:${time}` },
      ...(this.values.length > 0 && { values: this.values }),
    };
  }
}

export function invalidProperty(name: string, value: unknown, reason: string): ServiceError {
  return new ServiceError("InvalidPropertyValue", {
    values: [
      { key: "PropertyName", value: name },
      { key: "PropertyValue", value: textOf(value).slice(0, 256) },
      { key: "Reason", value: reason },
    ],
  });
}

export function invalidQuery(name: string, value: string, reason: string): ServiceError {
  return new ServiceError("InvalidQueryParameterValue", {
    values: [
      { key: "QueryParameterName", value: name },
      { key: "QueryParameterValue", value: value.slice(0, 256) },
      { key: "Reason", value: reason },
    ],
  });
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    // Nested more deeply than the stack allows.
    return "";
  }
}
