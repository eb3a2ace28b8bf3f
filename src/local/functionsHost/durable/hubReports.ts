import type { Finding } from "../engine/guards.ts";
import type { Instance } from "../engine/instance.ts";
import type { Logger } from "../log.ts";

const CATEGORY = "Host.Triggers.DurableTask";

/** What the log says about orchestrations. */
export class HubReports {
  readonly #log: Logger;
  readonly #warned = new Map<string, Set<string>>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Gives each warning once per instance, not once per turn. */
  findings({ id }: Pick<Instance, "id">, findings: readonly Finding[]): void {
    for (const { code, isFatal, message } of findings) {
      const warned = this.#warned.get(id) ?? new Set<string>();
      if (!isFatal && warned.has(code)) continue;
      this.#warned.set(id, warned.add(code));
      this.#log.write(isFatal ? "error" : "warning", CATEGORY, `${code}: ${message}`);
    }
  }

  end({ id, name, status, output }: Instance): void {
    this.#warned.delete(id);
    const reason = output?.split("\n", 1)[0] ?? "";
    if (status === "Failed") this.#log.write("error", CATEGORY, `${name} ${id} failed: ${reason}`);
    else this.#log.write("debug", CATEGORY, `${name} ${id} is ${status}`);
  }

  /** That a fault was injected. */
  fault(what: string, instanceId: string): void {
    this.#log.write("warning", CATEGORY, `Fault: ${what} (${instanceId})`);
  }

  problem(message: string): void {
    this.#log.write("error", CATEGORY, message);
  }
}
