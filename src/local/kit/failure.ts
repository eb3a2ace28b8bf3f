/** A promise that never resolves, and rejects when `fail` is called. Nobody has to wait for it. */
export function createFailure(): { readonly failed: Promise<never>; readonly fail: (error: unknown) => void } {
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => (fail = reject));
  // Without this, a failure that nobody waits for would end the process.
  failed.catch(() => {});
  return { failed, fail };
}
