export function addSeconds(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}

export function secondsBetween(earlier: Date, later: Date): number {
  return (later.getTime() - earlier.getTime()) / 1000;
}

/** Reads a time in ISO 8601, the form in which times travel through histories and records. */
export function parseTime(iso: string): Date {
  return new Date(iso);
}
