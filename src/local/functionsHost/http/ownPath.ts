import { getPathNoStrict } from "hono/utils/url";

/** What follows the id of an instance. */
const ACTIONS = ["raiseEvent", "terminate", "suspend", "resume", "rewind", "restart"];

/** The path of a request. The host's own parts of it may be of any case, as on Azure; ids and names keep theirs. */
export function ownPath(request: Request): string {
  const path = getPathNoStrict(request);
  const parts = path.split("/");
  const [, first = "", second = ""] = parts.map((part) => part.toLowerCase());
  const isAdmin = first === "admin";
  const isWebhook = first === "runtime" && second === "webhooks";
  // The way by which the SDK comes begins with a secret.
  const hub = isWebhook ? 3 : 2;
  if (isAdmin || isWebhook) for (const index of [1, 2, ...(isWebhook ? [3] : [])]) lower(parts, index);
  if (parts[hub] !== "durabletask") return isAdmin || isWebhook ? parts.join("/") : path;
  lower(parts, hub + 1);
  if (parts[hub + 1] !== "instances") return parts.join("/");
  const action = ACTIONS.find((name) => name.toLowerCase() === parts[hub + 3]?.toLowerCase());
  if (action !== undefined) parts[hub + 3] = action;
  return parts.join("/");
}

function lower(parts: string[], index: number): void {
  const part = parts[index];
  if (part !== undefined) parts[index] = part.toLowerCase();
}
