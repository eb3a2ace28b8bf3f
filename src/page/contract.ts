export interface ConversionSummary {
  readonly id: string;
  readonly status: "running" | "succeeded" | "failed" | "cancelled" | "superseded";
  readonly workload: string;
  readonly input: { readonly container: string; readonly name: string; readonly eTag: string };
  readonly uploadedAt: string;
  readonly endedAt: string | null;
  readonly sizeBytes: number | null;
  readonly phase: "preparing" | "waiting" | "converting" | "publishing" | "finished";
  readonly percent: number | null;
  readonly waitReason: string | null;
  readonly waitingSince: string | null;
  readonly attempt: number;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
  readonly output: { readonly name: string; readonly sizeBytes: number } | null;
}

export interface ConversionList {
  readonly conversions: readonly ConversionSummary[];
  readonly counts: {
    readonly running: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly isComplete: boolean;
  };
  readonly lastHour: { readonly minutes: readonly LastHourMinute[] };
  readonly continuation: string | null;
}

export interface LastHourMinute {
  readonly at: string;
  readonly succeeded: number;
  readonly failed: number;
}

export interface UploadTicket {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly blockBytes: number;
  readonly expiresAt: string;
  readonly name: string;
  readonly container: string;
}

export interface ResultLink {
  readonly url: string;
}

export interface RetriedConversions {
  readonly started: number;
  readonly refused: readonly { readonly id: string; readonly code: string }[];
  readonly continuation: string | null;
}
