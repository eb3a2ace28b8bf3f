import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

/** The tests that take longest, the longest first. */
const LONG = [
  "e2e/chaos",
  "page/page",
  "e2e/running",
  "cli/local",
  "e2e/upgrade",
  "mp3/corpus",
  "e2e/kills",
  "e2e/topWords",
  "mp3/options",
  "e2e/scale",
  "azurite/killed",
  "mp3/convert",
  "kit/childService",
  "docs/workloads",
];

/**
 * A long test that begins last has one worker wait for the other. Vitest knows what took long the last time, but a clean
 * clone has no last time.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    // What needs a process of its own stays in front: it would end one that others share.
    const [own, others] = [true, false].map((isolate) =>
      sorted.filter((file) => file.project.config.isolate === isolate),
    );
    return [...(own ?? []), ...(others ?? []).toSorted((a, b) => rankOf(a) - rankOf(b))];
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const index = LONG.findIndex((name) => moduleId.endsWith(`/${name}.stack.test.ts`));
  return index === -1 ? LONG.length : index;
}
