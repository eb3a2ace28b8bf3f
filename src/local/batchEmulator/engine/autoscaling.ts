import type { Pool } from "../model/entities.ts";
import type { Engine } from "./engine.ts";

export function startAutoScale(_engine: Engine, _pool: Pool): void {}
