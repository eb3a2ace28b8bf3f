/** The settings are wrong: nothing can start until somebody changes them. Shown without a stack. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly code = "InvalidConfiguration";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `Invalid settings:\n${problems.map((problem) => `  - ${problem}`).join("\n")}\nSee local.settings.example.json.`,
    );
    this.problems = problems;
  }
}
