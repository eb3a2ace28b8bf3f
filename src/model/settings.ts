import { ConfigurationError } from "./errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads settings, and collects all that is wrong with them, so that one run shows everything. */
export class SettingsReader {
  readonly #env: Environment;
  readonly #problems: string[] = [];

  constructor(env: Environment) {
    this.#env = env;
  }

  problem(text: string): void {
    this.#problems.push(text);
  }

  /** Throws a `ConfigurationError` with all problems so far. */
  throwIfAny(): void {
    if (this.#problems.length > 0) throw new ConfigurationError(this.#problems);
  }

  optional(name: string): string | undefined {
    return this.#env[name]?.trim() || undefined;
  }

  text(name: string, fallback?: string): string {
    const value = this.optional(name) ?? fallback;
    if (value === undefined) this.problem(`${name} is not set`);
    return value ?? "";
  }

  /** `must` completes the sentence "<name> must …, not <value>". */
  matching(name: string, fallback: string, pattern: RegExp, must: string): string {
    const value = this.text(name, fallback);
    if (!pattern.test(value)) this.problem(`${name} must ${must}, not "${value}"`);
    return value;
  }

  url(name: string): string {
    const value = this.text(name);
    // The value is not shown: somebody may have put a connection string here.
    if (value !== "" && !(/^https?:\/\//.test(value) && URL.canParse(value))) {
      this.problem(`${name} must be a URL that starts with https://`);
    }
    return value;
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const value = Number(this.text(name, String(fallback)));
    if (!Number.isInteger(value) || value < min || value > max) {
      this.problem(`${name} must be a whole number from ${min} to ${max}, not "${this.#env[name]}"`);
    }
    return value;
  }

  /** A date, which begins at midnight UTC, or a date and a time with its zone, in ISO 8601. */
  time(name: string): Date | undefined {
    const value = this.optional(name);
    if (value === undefined) return undefined;
    const [, date] = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.exec(value) ?? [];
    const [time, midnight] = [new Date(value), new Date(date ?? NaN)];
    // JavaScript takes 30 February for 2 March.
    const isReal = !Number.isNaN(time.getTime()) && !Number.isNaN(midnight.getTime());
    if (isReal && midnight.toISOString().startsWith(date ?? "")) return time;
    this.problem(`${name} must be a date such as 2026-01-31 or a time such as 2026-01-31T18:00:00Z, not "${value}"`);
    return undefined;
  }

  /** The first choice is the default. */
  oneOf<const Choices extends readonly [string, ...string[]]>(name: string, choices: Choices): Choices[number] {
    const value = this.text(name, choices[0]);
    if (!choices.includes(value)) {
      const sorted = choices.toSorted((one, other) => one.localeCompare(other, "en", { numeric: true }));
      this.problem(`${name} must be one of ${sorted.join(", ")}, not "${value}"`);
    }
    return value;
  }

  /** A list separated by commas, without duplicates. The first choice is the default. */
  someOf(name: string, choices: readonly string[]): readonly string[] {
    const items = this.text(name, choices[0]).split(",");
    const values = [...new Set(items.map((item) => item.trim()).filter((item) => item !== ""))];
    const unknown = values.filter((value) => !choices.includes(value));
    if (unknown.length > 0 || values.length === 0) {
      this.problem(
        `${name} must be one or more of ${choices.join(", ")}, separated by commas, not "${this.#env[name]}"`,
      );
    }
    return values;
  }
}
