import type { Workload } from "../workload.ts";

/** The most frequent words of a text file, as in the "get started" tutorial of Azure Batch for Python. */
export const topWords: Workload = {
  name: "topWords",
  takes: "text files",
  suffixes: [".txt"],
  resultNameFor: (textName) => textName.replace(/(\.[^.]*)$/, "_OUTPUT$1"),
  resultType: "text/plain; charset=utf-8",
  script: new URL("./countWords.sh", import.meta.url),

  environment: (settings) => ({
    TOP_WORDS_COUNT: String(settings.integer("TOP_WORDS_COUNT", 3, 1, 1_000_000)),
  }),

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
