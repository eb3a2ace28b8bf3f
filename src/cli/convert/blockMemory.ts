/** A block of a file that is uploaded has in general no more. */
export const BLOCK_BYTES = 8 * 1024 * 1024;

const spare: Buffer[] = [];

/**
 * Memory for at least so many bytes, for one block after the other. Memory that is new for each takes longer to get than to
 * send: the system has to clear it, and the garbage collector looks through everything there is for each few dozen megabytes.
 */
export function takeBlock(bytes: number): Buffer {
  return bytes > BLOCK_BYTES ? Buffer.allocUnsafe(bytes) : (spare.pop() ?? Buffer.allocUnsafe(BLOCK_BYTES));
}

/** Once nothing is sent from it any more: where an upload has failed, that is not certain, and it is left as garbage. */
export function giveBackBlock(block: Buffer): void {
  if (block.length === BLOCK_BYTES) spare.push(block);
}
