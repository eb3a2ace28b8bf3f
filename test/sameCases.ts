import { configureGlobal } from "fast-check";

/** Every run tries the same cases, so that none fails by chance; FAST_CHECK_SEED has others tried. */
configureGlobal({ seed: Number(process.env["FAST_CHECK_SEED"] ?? 1) });
