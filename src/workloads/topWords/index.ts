import type { WorkloadOptions } from "../options.ts";
import type { Workload } from "../workload.ts";

const MAX_WORDS = 1_000_000;

const TOP_WORDS_OPTIONS: WorkloadOptions = {
  table: [
    {
      name: "words",
      metadataKey: "mp3drop_words",
      about: "how many words",
      allowed: `a whole number from 1 to ${MAX_WORDS}`,
      fallback: "TOP_WORDS_COUNT of the app",
      variable: "TOP_WORDS_COUNT",
      normalize: (value) => (/^[1-9]\d{0,6}$/.test(value) && Number(value) <= MAX_WORDS ? value : undefined),
    },
  ],
  used: ({ TOP_WORDS_COUNT: words }) => ({ words: Number(words) }),
};

/** The most frequent words of a text file, as in the "get started" tutorial of Azure Batch for Python. */
export const topWords: Workload = {
  name: "topWords",
  takes: "text files",
  suffixes: [".txt"],
  resultNameFor: (textName) => textName.replace(/(\.[^.]*)$/, "_OUTPUT$1"),
  resultType: "text/plain; charset=utf-8",
  script: new URL("./countWords.sh", import.meta.url),

  environment: (settings) => ({
    TOP_WORDS_COUNT: String(settings.integer("TOP_WORDS_COUNT", 3, 1, MAX_WORDS)),
  }),

  options: TOP_WORDS_OPTIONS,

  failures: {
    EmptyText: {
      message: "The text has no words",
      hint: "Upload a text that has some.",
    },
    NotText: {
      message: "The file is not UTF-8 text",
      hint: "Save it as plain text in UTF-8, then upload it again.",
    },
    WordTooLong: {
      message: "The text has a megabyte without a space, line break or anything else that ends a word",
      hint: "Check that the file is text, break its lines, then upload it again.",
    },
    CountFailed: {
      message: "The words could not be counted",
      hint: "The log says why.",
    },
  },

  review: ({ words, distinctWords }) => ({ input: { words, distinctWords } }),
};
