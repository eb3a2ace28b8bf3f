import { SpareMemory } from "./spareMemory.ts";

/** As much of a stream as moves at once: less costs more turns, more does not fit into the caches of a processor. */
export const PIECE_BYTES = 512 * 1024;

/** Memory for one piece each. */
export const pieces = new SpareMemory(PIECE_BYTES, 8);
