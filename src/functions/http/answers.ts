import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import { findInstance } from "../../durableClient.ts";
import type { ConversionView } from "../../model/conversion.ts";
import { viewOf } from "../../upkeep/conversionView.ts";

const POLL_AFTER_SECONDS = "1";

/** A refusal on its way out of a handler: it becomes a problem. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** Answers for the conversion that the route names; 404 for an id that was never started, or is no id at all. */
export async function withConversion(
  request: HttpRequest,
  client: DurableClient,
  answer: (view: ConversionView, instance: DurableOrchestrationStatus) => HttpResponseInit | Promise<HttpResponseInit>,
): Promise<HttpResponseInit> {
  const id = request.params["id"] ?? "";
  if (!/^[0-9a-f]{32}$/.test(id)) {
    return problem(
      404,
      "ConversionNotFound",
      `"${id}" is not the id of a conversion. An id has 32 hexadecimal digits.`,
    );
  }
  const instance = await findInstance(client, id);
  if (instance === undefined) {
    const hint =
      "A new one is known a moment after its upload. Check that the id is that of this workload, blob and ETag.";
    return problem(404, "ConversionNotFound", `There is no conversion "${id}". ${hint}`);
  }
  return answer(viewOf(id, instance), instance);
}

export function viewResponse(status: number, view: ConversionView): HttpResponseInit {
  const retryAfter = view.status === "running" ? { "retry-after": POLL_AFTER_SECONDS } : {};
  return { status, headers: { "cache-control": "no-store", ...retryAfter }, jsonBody: view };
}

/** An error as RFC 9457 has it, https://www.rfc-editor.org/rfc/rfc9457. `code` is stable, for programs to branch on. */
export function problem(status: number, code: string, detail: string): HttpResponseInit {
  return {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
    body: JSON.stringify({ title: code, status, code, detail }),
  };
}
