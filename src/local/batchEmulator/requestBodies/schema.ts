import * as v from "valibot";
import { formatDuration, parseDuration } from "../duration.ts";
import { timestamp } from "../timestamp.ts";
import { LIMITS } from "../limits.ts";
import { ServiceError, invalidProperty } from "../serviceError.ts";

/** Checks a request body and fills in the service's defaults; throws the service's own 400. */
export function parseBody<const Schema extends v.GenericSchema>(schema: Schema, body: unknown): v.InferOutput<Schema> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new ServiceError("InvalidRequestBody");
  const result = v.safeParse(schema, body, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const name = v.getDotPath(issue) ?? "";
  if (issue.received === "undefined" && issue.kind === "schema") {
    throw new ServiceError("MissingRequiredProperty", { values: [{ key: "PropertyName", value: name }] });
  }
  throw invalidProperty(name, issue.input, issue.message);
}

/** Values of an enumeration arrive in any case and leave in the service's. */
export function choice<const Value extends string>(values: readonly Value[]) {
  return v.pipe(
    v.string(),
    v.rawTransform(({ dataset, addIssue, NEVER }): Value => {
      const found = values.find((value) => value.toLowerCase() === dataset.value.toLowerCase());
      if (found !== undefined) return found;
      addIssue({ message: `Must be one of ${values.join(", ")}` });
      return NEVER;
    }),
  );
}

/** An ISO 8601 duration, in the form in which the service returns it. */
export function duration(range: { min?: string; max?: string } = {}) {
  const min = parseDuration(range.min ?? "PT0S") ?? 0n;
  const max = range.max === undefined ? undefined : parseDuration(range.max);
  return v.pipe(
    v.string(),
    v.rawTransform(({ dataset, addIssue, NEVER }): string => {
      const ticks = parseDuration(dataset.value);
      if (ticks === undefined) {
        addIssue({ message: "Must be an ISO 8601 duration such as PT30M" });
      } else if (ticks < min) {
        addIssue({ message: `Must be at least ${range.min}` });
      } else if (max !== undefined && ticks > max) {
        addIssue({ message: `Must be at most ${range.max}` });
      } else {
        return formatDuration(ticks);
      }
      return NEVER;
    }),
  );
}

/** A point in time, in the form in which the service returns it. */
export const time = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text)), "Must be a date and time such as 2026-01-01T12:00:00Z"),
  v.transform((text) => timestamp(Date.parse(text))),
);

export const id = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9_-]+$/,
    "The id may contain only alphanumeric characters, hyphens and underscores, and at least one of them",
  ),
  v.maxLength(LIMITS.MAX_ID_LENGTH, `The id may have at most ${LIMITS.MAX_ID_LENGTH} characters`),
);

export const displayName = v.pipe(
  v.string(),
  v.maxLength(LIMITS.MAX_DISPLAY_NAME_LENGTH, `May have at most ${LIMITS.MAX_DISPLAY_NAME_LENGTH} characters`),
);

export const count = v.pipe(v.number(), v.integer("Must be a whole number"), v.minValue(0, "Must not be negative"));

export const int32 = v.pipe(
  v.number(),
  v.integer("Must be a whole number"),
  v.minValue(-(2 ** 31), "Must be a 32-bit number"),
  v.maxValue(2 ** 31 - 1, "Must be a 32-bit number"),
);

/** -1 stands for "no limit". */
export const countOrUnlimited = v.pipe(int32, v.minValue(-1, "Must be -1 or more"));

export const nameValue = v.object({ name: v.pipe(v.string(), v.minLength(1)), value: optional(v.string()) });

/** No program can be given such a character: it ends every argument and setting. */
const withoutNul = v.check((text: string) => !text.includes("\0"), "Must not contain the character U+0000");

export const environmentSetting = v.object({
  name: v.pipe(v.string(), v.minLength(1), withoutNul),
  value: optional(v.pipe(v.string(), withoutNul)),
});

/** To the service, `null` and absent are the same. */
export function optional<const Schema extends v.GenericSchema>(schema: Schema) {
  return v.pipe(
    v.nullish(schema),
    v.transform((value) => value ?? undefined),
  );
}

export const userIdentity = v.object({
  username: optional(v.string()),
  autoUser: optional(
    v.object({
      scope: v.nullish(choice(["task", "pool"]), "pool"),
      elevationLevel: v.nullish(choice(["nonadmin", "admin"]), "nonadmin"),
    }),
  ),
});

export const DEFAULT_USER: v.InferOutput<typeof userIdentity> = {
  username: undefined,
  autoUser: { scope: "pool", elevationLevel: "nonadmin" },
};

export const requiredSlots = v.nullish(v.pipe(int32, v.minValue(1, "Must be at least 1")), 1);

/** Kept and shown. No pool here runs containers, and to such a pool it makes no difference what else they say. */
export const containerSettings = v.looseObject({ imageName: v.string() });

/** A token for the job of the task is all that the service offers. */
export const authenticationTokenSettings = v.object({ access: optional(v.array(choice(["job"]))) });

export const commandLine = v.pipe(
  v.string(),
  v.check((text) => text.trim() !== "", "Must not be empty"),
  withoutNul,
);

/** What is set when a thing is added, and never after. */
export function unchangeable(name: string) {
  return v.pipe(
    v.nullish(v.unknown()),
    v.transform((value): undefined => {
      if (value === undefined || value === null) return undefined;
      throw new ServiceError("UnsupportedProperty", { values: [{ key: "PropertyName", value: name }] });
    }),
  );
}

/**
 * A feature that needs what a laptop does not have (containers, mounts, certificates). Refused rather than ignored: a
 * program that relies on it would fail later and less clearly.
 */
export function unsupported(name: string) {
  return v.pipe(
    v.nullish(v.unknown()),
    v.transform((value): undefined => {
      if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return undefined;
      throw new ServiceError("NotImplemented", { message: `The Batch emulator does not implement ${name}.` });
    }),
  );
}
