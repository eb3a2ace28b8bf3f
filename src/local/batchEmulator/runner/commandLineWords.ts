/**
 * Splits a command line into words as POSIX does. Nothing else that a shell does: variables, pipes, wildcards and
 * redirections are plain characters. Undefined when a quotation is not closed.
 * https://learn.microsoft.com/azure/batch/batch-compute-node-environment-variables#command-line-expansion-of-environment-variables
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'") {
      const end = line.indexOf("'", i + 1);
      if (end < 0) return undefined;
      word = (word ?? "") + line.slice(i + 1, end);
      i = end;
    } else if (char === '"') {
      const quoted = readDoubleQuoted(line, i + 1);
      if (quoted === undefined) return undefined;
      word = (word ?? "") + quoted.text;
      i = quoted.end;
    } else if (char === "\\") {
      if (i + 1 === line.length) return undefined;
      i++;
      word = (word ?? "") + line.charAt(i);
    } else {
      word = (word ?? "") + char;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

function readDoubleQuoted(line: string, start: number): { text: string; end: number } | undefined {
  let text = "";
  for (let i = start; i < line.length; i++) {
    const char = line.charAt(i);
    if (char === '"') return { text, end: i };
    const next = line.charAt(i + 1);
    // Inside double quotes a backslash is an ordinary character except before one of these.
    if (char === "\\" && '"\\$`\n'.includes(next) && next !== "") {
      text += next;
      i++;
    } else {
      text += char;
    }
  }
  return undefined;
}
