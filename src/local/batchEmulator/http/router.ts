import { ServiceError } from "../serviceError.ts";
import type { Operation } from "./call.ts";

export interface Match {
  readonly operation: Operation;
  /** Decoded after the path has been split: a file name may hold encoded slashes. */
  readonly params: Readonly<Record<string, string>>;
}

interface Route {
  readonly operation: Operation;
  readonly pattern: RegExp;
}

/** Finds the operation of a request. Built once; grouping by the first segment keeps the search short. */
export function createRouter(operations: readonly Operation[]): (method: string, rawPath: string) => Match {
  const routesByRoot = new Map<string, Route[]>();
  for (const operation of operations) {
    const root = rootOf(operation.path);
    const routes = routesByRoot.get(root) ?? [];
    routesByRoot.set(root, routes);
    routes.push({ operation, pattern: patternOf(operation.path) });
  }

  return (method, rawPath) => {
    let isKnownPath = false;
    for (const { operation, pattern } of routesByRoot.get(rootOf(rawPath)) ?? []) {
      const match = pattern.exec(rawPath);
      if (match === null) continue;
      if (operation.method === method) return { operation, params: decodeAll(match.groups ?? {}) };
      isKnownPath = true;
    }
    throw new ServiceError(isKnownPath ? "UnsupportedHttpVerb" : "InvalidUri");
  };
}

function rootOf(path: string): string {
  return /^\/([a-z]*)/i.exec(path)?.[1]?.toLowerCase() ?? "";
}

function patternOf(path: string): RegExp {
  const source = path
    .replaceAll(/[()]/g, "\\$&")
    // What follows /files/ is one path, whether or not its slashes are encoded.
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => `(?<${name}>${name === "path" ? ".+" : "[^/]+"})`);
  return new RegExp(`^${source}/?$`, "i");
}

function decodeAll(groups: Readonly<Record<string, string>>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    throw new ServiceError("InvalidUri");
  }
}
