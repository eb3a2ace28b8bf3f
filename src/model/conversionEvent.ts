import type { ConversionRecord } from "./conversion.ts";

/** The end of a conversion as CloudEvents 1.0 has it, https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md */
export interface ConversionEvent {
  readonly specversion: "1.0";
  /** The same whenever the same end is told again. */
  readonly id: string;
  /** The address of the container with the input. */
  readonly source: string;
  /** The name of the input. */
  readonly subject: string;
  readonly type: `mp3drop.conversion.${ConversionRecord["status"]}`;
  /** When the record was written, in ISO 8601. */
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly data: ConversionRecord;
}

/** The media type of one event in structured mode. */
export const EVENT_TYPE = "application/cloudevents+json; charset=utf-8";

/** No two ends of a conversion have the same attempt: whoever runs it again counts on. */
export function eventOf(record: ConversionRecord, source: string): ConversionEvent {
  return {
    specversion: "1.0",
    id: endIdOf(record),
    source,
    subject: record.input.name,
    type: `mp3drop.conversion.${record.status}`,
    time: record.times.recordedAt,
    datacontenttype: "application/json",
    data: record,
  };
}

/** Names one end of one conversion. */
export function endIdOf({ conversionId, attempts }: ConversionRecord): string {
  return `${conversionId}-${attempts}`;
}
