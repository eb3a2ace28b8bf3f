import type { HttpResponseInit } from "@azure/functions";

/** An error as RFC 9457 has it, https://www.rfc-editor.org/rfc/rfc9457. `code` is stable, for programs to branch on. */
export function problem(status: number, code: string, detail: string): HttpResponseInit {
  return {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
    body: JSON.stringify({ title: code, status, code, detail }),
  };
}
