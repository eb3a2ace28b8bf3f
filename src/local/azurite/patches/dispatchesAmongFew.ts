import { azurite, patch } from "./patch.ts";

interface Dispatching {
  default: (context: Context, request: Request, next: (error?: unknown) => void, logger: unknown) => void;
}

interface Context {
  /** In the place of the path: with placeholders for the names. */
  readonly dispatchPattern?: string;
}

interface Request {
  getMethod: () => string;
  getHeader: (name: string) => string | undefined;
}

/** As TypeScript makes of an enum: names by number and numbers by name. */
type Operations = Readonly<Record<string, string | number>>;

interface Specification {
  readonly httpMethod: string;
  readonly path?: string;
}

const PATTERNS: ReadonlySet<string> = new Set(["/", "/container", "/container/blob"]);

/**
 * To find out what a request wants, Azurite compares it with each of 70 operations, and twice as many times, because it goes
 * by their names, too. This has it look among those that have the request's method and path, of which there are a dozen
 * at most.
 *
 * Relies on: Azurite goes through the members of its enum of operations before it calls `next`, and puts one of three patterns
 * in the place of each path.
 * Seen with: Azurite 3.31.0 to 3.35.0.
 * If it goes: requests take more processor time.
 */
patch("dispatchesAmongFew", () => {
  const dispatching = azurite("./blob/generated/middleware/dispatch.middleware") as Dispatching;
  const operations = azurite("./blob/generated/artifacts/operation") as { default: Operations };
  const { default: specifications } = azurite("./blob/generated/artifacts/specifications") as {
    default: Readonly<Record<string, Specification | undefined>>;
  };
  const { isURITemplateMatch } = azurite("./blob/generated/utils/utils") as {
    isURITemplateMatch: (path: string, template: string) => boolean;
  };
  const { default: dispatch } = dispatching;
  const all = operations.default;
  if ([dispatch, isURITemplateMatch].some((found) => typeof found !== "function") || Object.keys(all).length === 0) {
    throw new Error("Azurite finds out what a request wants by other functions");
  }
  const known = new Map<string, Operations>();
  const fewFor = (method: string, pattern: string): Operations => {
    const key = `${method} ${pattern}`;
    const few =
      known.get(key) ??
      Object.fromEntries(
        Object.entries(all).filter(([number]) => {
          const { httpMethod, path = "" } = specifications[number] ?? {};
          return httpMethod === method && isURITemplateMatch(pattern, path.startsWith("/") ? path : `/${path}`);
        }),
      );
    known.set(key, few);
    return few;
  };
  dispatching.default = function dispatchAmongFew(context, request, next, logger) {
    const pattern = context.dispatchPattern;
    const isUsual = pattern !== undefined && PATTERNS.has(pattern) && !request.getHeader("X-HTTP-Method");
    operations.default = isUsual ? fewFor(request.getMethod(), pattern) : all;
    const restore = (): void => void (operations.default = all);
    const goOn = (error?: unknown): void => {
      restore();
      next(error);
    };
    try {
      dispatch(context, request, goOn, logger);
    } finally {
      restore();
    }
  };
});
