/** The user `nobody` of every common system. */
export const NOBODY = 65_534;

/** Whether this process can act as another user. */
export const canBeAnotherUser = process.getuid?.() === 0;

/** Does some synchronous work with the rights of another user. */
export function asNobody<Result>(work: () => Result): Result {
  process.setegid?.(NOBODY);
  process.seteuid?.(NOBODY);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
