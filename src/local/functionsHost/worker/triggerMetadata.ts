import type { RpcTypedData } from "./rpc.ts";

type Metadata = Record<string, RpcTypedData>;

/**
 * What a trigger that is a JSON object adds, so that bindings and functions can name its properties. As on the real host,
 * lists and nulls are left out, and a boolean is text.
 * https://github.com/Azure/azure-functions-host/blob/v4.1037.0/src/WebJobs.Script/Utility.cs (ApplyBindingData)
 */
export function propertiesOf(text: string): Metadata {
  const properties: Metadata = {};
  for (const [name, value] of Object.entries(parseObject(text))) {
    if (value === null || Array.isArray(value)) continue;
    if (typeof value === "boolean") properties[name] = { string: value ? "True" : "False" };
    else if (typeof value === "string") properties[name] = textMetadata(value);
    else properties[name] = { json: JSON.stringify(value) };
  }
  return properties;
}

/**
 * Text that the library will try to parse as JSON. If that is bound to fail, the text is sent as JSON to begin with: a
 * failed attempt costs more than all the rest of a short call.
 */
export function textMetadata(text: string): RpcTypedData {
  const mayBeJson = /^\s*(?:["[{]|-?[\d.]+(?:e[+-]?\d+)?\s*$|true|false|null)/i.test(text);
  return mayBeJson ? { string: text } : { json: JSON.stringify(text) };
}

function parseObject(text: string): object {
  if (!/^\s*\{/.test(text)) return {};
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}
