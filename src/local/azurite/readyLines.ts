export interface AzuritePorts {
  readonly blob: number;
  readonly queue: number;
  readonly table: number;
}

/**
 * Azurite says where it listens, in one line per service.
 *
 * Relies on: the wording of lines that are meant for people.
 * Seen with: Azurite 3.31.0 to 3.35.0.
 * If it goes: the stack waits a minute and reports that Azurite was not ready.
 */
export function createReadyReader(): (line: string) => AzuritePorts | undefined {
  const found = new Map<string, number>();
  return (line) => {
    const [, service, port] =
      /^Azurite (Blob|Queue|Table) service is successfully listening at .*:(\d+)$/.exec(line) ?? [];
    if (service !== undefined) found.set(service, Number(port));
    const [blob, queue, table] = ["Blob", "Queue", "Table"].map((name) => found.get(name));
    return blob !== undefined && queue !== undefined && table !== undefined ? { blob, queue, table } : undefined;
  };
}
