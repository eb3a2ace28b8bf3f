/** As much as moves at once: less costs more turns, more does not fit into the caches of a processor. */
export const PIECE_BYTES = 512 * 1024;

/** So many wait to be used again at most. */
const MAX_SPARE = 8;

const spare: Buffer[] = [];

/**
 * Memory for one piece of a stream. To move many bytes through memory that is new each time costs more than to move them: the
 * system has to clear it, and the garbage collector looks through everything there is for each few dozen megabytes of it.
 */
export function takePiece(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
}

/** Once nothing reads from it or writes to it any more. A piece that is not given back is garbage like any other. */
export function giveBackPiece(piece: Buffer): void {
  if (spare.length < MAX_SPARE) spare.push(piece);
}
