export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Token extends Position {
  readonly kind: "number" | "name" | "text" | "symbol" | "end";
  readonly text: string;
}

/** A formula that cannot be read: refused when it is set, not when it is evaluated. */
export class FormulaSyntaxError extends Error {
  override readonly name = "FormulaSyntaxError";

  constructor({ line, column }: Position, reason: string) {
    super(`Line ${line}, Col ${column}: ${reason}`);
  }
}

const PATTERN =
  /(?<blank>\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>\$?[A-Za-z_]\w*)|(?<text>"[^"\n]*"|'[^'\n]*')|(?<symbol>&&|\|\||[<>=!]=|[-+*/<>!?:;,.()=])/y;

export function tokenize(formula: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let lineStart = 0;
  for (PATTERN.lastIndex = 0; PATTERN.lastIndex < formula.length;) {
    const at = PATTERN.lastIndex;
    const position = { line, column: at - lineStart + 1 };
    const match = PATTERN.exec(formula);
    if (match === null) throw new FormulaSyntaxError(position, `Unexpected character "${formula.charAt(at)}"`);
    const [text] = match;
    for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) {
      line++;
      lineStart = at + i + 1;
    }
    const { number, name, text: quoted, symbol } = match.groups ?? {};
    if (number !== undefined) tokens.push({ kind: "number", text: number, ...position });
    else if (name !== undefined) tokens.push({ kind: "name", text: name, ...position });
    else if (quoted !== undefined) tokens.push({ kind: "text", text: quoted.slice(1, -1), ...position });
    else if (symbol !== undefined) tokens.push({ kind: "symbol", text: symbol, ...position });
  }
  tokens.push({ kind: "end", text: "the end", line, column: formula.length - lineStart + 1 });
  return tokens;
}
