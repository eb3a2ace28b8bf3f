import fc from "fast-check";
import { test } from "vitest";
import { splitWords } from "../../../src/local/batchEmulator/runner/commandLineWords.ts";

test.for([
  ["ffmpeg -i  input.mp4", ["ffmpeg", "-i", "input.mp4"]],
  ["/bin/bash -c 'echo \"a  b\"; exit 3'", ["/bin/bash", "-c", 'echo "a  b"; exit 3']],
  ['a "b \\"c\\" \\n" d', ["a", 'b "c" \\n', "d"]],
  ["a\\ b c", ["a b", "c"]],
  ["echo $HOME | wc > x && *", ["echo", "$HOME", "|", "wc", ">", "x", "&&", "*"]],
  ["a '' \"\" b", ["a", "", "", "b"]],
  ["it's'n\"'\"t", ["itsn't"]],
] as const)("%s", ([line, words], { expect }) => {
  expect(splitWords(line)).toEqual(words);
});

test.for(["'open", 'a "open', "ends with \\"])("%s has no end", (line, { expect }) => {
  expect(splitWords(line)).toBeUndefined();
});

test("words in single quotes come through as they are", ({ expect }) => {
  const word = fc.string().filter((text) => !text.includes("'"));
  fc.assert(
    fc.property(fc.array(word), (words) => {
      expect(splitWords(words.map((text) => `'${text}'`).join(" "))).toEqual(words);
    }),
  );
});
