import { SpareMemory } from "../../local/kit/spareMemory.ts";

/** A block of a file that is uploaded has in general no more. */
export const BLOCK_BYTES = 8 * 1024 * 1024;

/** As many as are sent at once, of all files. */
const blocks = new SpareMemory(BLOCK_BYTES, 9);

/** Memory for at least so many bytes, for one block after the other. */
export function takeBlock(bytes: number): Buffer {
  return bytes > BLOCK_BYTES ? Buffer.allocUnsafeSlow(bytes) : blocks.take();
}

/** Once nothing is sent from it any more: where an upload has failed, that is not certain, and it is left as garbage. */
export function giveBackBlock(block: Buffer): void {
  blocks.giveBack(block);
}
