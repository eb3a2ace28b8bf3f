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

/** A conditional write found that somebody else was faster. Reading again and deciding anew is the way on. */
export class ConflictError extends Error {
  override readonly name = "ConflictError";
}

/** What Azure Storage answered, in words: to some requests its own client's errors have an empty message. */
export class StorageError extends Error {
  override readonly name = "StorageError";
}

/** What Azure Batch answered, in words: the message of its own client's errors is an object. */
export class BatchError extends Error {
  override readonly name = "BatchError";
  /** Of the service, for example `TaskExists`; undefined where the answer had none. */
  readonly code: string | undefined;
  /** Undefined when there was no answer. */
  readonly statusCode: number | undefined;

  constructor(
    message: string,
    answer: { code: string | undefined; statusCode: number | undefined },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = answer.code;
    this.statusCode = answer.statusCode;
  }
}
