import type { ConversionRecord, Untold } from "../model/conversion.ts";
import { noteInRecord } from "../results/noteInRecord.ts";
import type { Services } from "../services.ts";

export interface NoteUntoldInput {
  readonly record: ConversionRecord;
  readonly untold: readonly Untold[];
}

/** Writes into the record who was not told of this end, unless there is another record by now. */
export async function noteUntold(services: Services, { record, untold }: NoteUntoldInput): Promise<void> {
  await noteInRecord(services, record, (current) => ({ ...current, notifications: untold }));
}
