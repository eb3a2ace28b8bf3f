import { chmodSync } from "node:fs";

/** "nobody" on Linux; any user without files would do. */
const NOBODY = 65_534;

/**
 * Does something as a user whom permissions stop: root, as whom tests may run, is stopped by none. The user gets into
 * `folder`, a temporary one.
 */
export async function withoutPrivileges<Result>(folder: string, action: () => Promise<Result>): Promise<Result> {
  if (process.geteuid?.() !== 0) return action();
  chmodSync(folder, 0o755);
  process.seteuid?.(NOBODY);
  try {
    return await action();
  } finally {
    process.seteuid?.(0);
  }
}
