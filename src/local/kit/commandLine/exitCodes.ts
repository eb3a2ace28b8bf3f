/** The exit codes of every program. One that a signal ends exits with 128 + the signal's number. */
export const EXIT = {
  ok: 0,
  /** The program did what it should, but not all of the work succeeded. */
  someFailed: 1,
  /** Wrong usage or configuration: the user can fix it. */
  userMistake: 2,
  bug: 70,
} as const;

export const EXIT_CODES_HELP = `Exit codes
  0 success, 1 some of the work failed, 2 wrong usage or configuration, 70 a bug, 128+n ended by signal n
`;
