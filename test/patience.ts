/**
 * How long a test waits for what has to come, in milliseconds: far longer than it takes on a machine that is slow and busy, and
 * shorter than a test may take, so that what was waited for is named. A test that passes never waits so long.
 */
export const PATIENCE_MS = 120_000;
/**
 * How long a unit test may take, in milliseconds. It takes a few, or a second where it tries thousands of cases, and many times that
 * where the processors are busy.
 */
export const UNIT_TEST_BOUND_MS = 60_000;
/** How long a test that starts processes may take, in milliseconds, with all that it waits for. */
export const STACK_TEST_BOUND_MS = 300_000;
/** The same for a trial, which has patience of its own. */
export const TRIAL_BOUND_MS = 600_000;
