import * as v from "valibot";
import { GUARD_CODES } from "../engine/guards.ts";
import type { GuardLevels } from "../engine/guards.ts";
import { UserError } from "../../kit/userError.ts";

const Levels = v.strictObject(v.entriesFromList(GUARD_CODES, v.exactOptional(v.picklist(["off", "warn", "fail"]))));

/** The JSON of the environment variable FUNCTIONS_HOST_GUARDS. */
export function readGuardLevels(text: string | undefined): GuardLevels {
  if (text === undefined || text === "") return {};
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Levels), text);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "it"}: ${issue.message}`);
  throw new UserError("BadGuards", `FUNCTIONS_HOST_GUARDS is not valid: ${problems.join("; ")}`, {
    hint: 'Write it as JSON, for example {"NotJson":"off"}; the levels are off, warn and fail.',
  });
}
