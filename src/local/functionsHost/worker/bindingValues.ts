import { randomUUID } from "node:crypto";
import type { RpcHttpRequest, RpcTypedData } from "./rpc.ts";

/** What `{expressions}` in bindings stand for: what the trigger brought, by name, in any case. */
export type BindingValues = ReadonlyMap<string, unknown>;

export function readBindingValues(
  input: RpcTypedData | null,
  triggerMetadata: Readonly<Record<string, RpcTypedData>>,
): BindingValues {
  const values = new Map<string, unknown>();
  const add = (all: object): void => {
    for (const [name, value] of Object.entries(all)) values.set(name.toLowerCase(), value);
  };
  const request = input?.http as Partial<RpcHttpRequest> | undefined;
  if (request !== undefined) {
    add(asObject(parse(Buffer.from(request.body?.bytes ?? []).toString("utf8"))));
    add(plain(request.nullableQuery));
    add(plain(request.nullableParams));
    add({ headers: plain(request.nullableHeaders), query: plain(request.nullableQuery) });
  }
  const metadata = Object.entries(triggerMetadata);
  add(Object.fromEntries(metadata.map(([name, { string, json }]) => [name, string ?? parse(json ?? "null")])));
  return values;
}

/**
 * Fills in a path or a name, such as `out/{name}-{rand-guid}`. Throws where the trigger brought no such value.
 * https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns
 */
export function fillIn(template: string, values: BindingValues, now: Date): string {
  return template.replace(/\{([^{}:]+)(?::([^{}]*))?\}/g, (_match, name: string, format = "") => {
    const key = name.trim().toLowerCase();
    if (key === "rand-guid" || key === "sys.randguid") return guid(String(format));
    if (key === "datetime" || key === "sys.utcnow") return dateText(now, String(format));
    const [first = "", ...path] = key.split(".");
    const value = values.get(key) ?? path.reduce<unknown>(property, values.get(first));
    if (value === undefined || value === null) {
      throw new Error(`"${template}" needs a value for {${name}}, and the trigger brought none`);
    }
    if (typeof value === "boolean") return value ? "True" : "False";
    return typeof value === "object" ? JSON.stringify(value) : String(value as string | number);
  });
}

function property(value: unknown, name: string): unknown {
  return Object.entries(asObject(value)).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** With hyphens, or without them in the format N. */
function guid(format: string): string {
  const text = randomUUID();
  return format.toUpperCase() === "N" ? text.replaceAll("-", "") : text;
}

function dateText(now: Date, format: string): string {
  const [year = "", month = "", day = "", hour = "", minute = "", second = ""] = now.toISOString().split(/[-T:.Z]/);
  const parts: Readonly<Record<string, string>> = { yyyy: year, MM: month, dd: day, HH: hour, mm: minute, ss: second };
  return (format || "yyyy-MM-ddTHH-mm-ssZ").replace(/yyyy|MM|dd|HH|mm|ss/g, (part) => parts[part] ?? part);
}

function plain(values: RpcHttpRequest["nullableQuery"] | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, { value }]) => [name, value]));
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
