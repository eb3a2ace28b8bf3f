import { LIMITS } from "../limits.ts";
import { FormulaSyntaxError, tokenize } from "./lexer.ts";
import type { Position, Token } from "./lexer.ts";

export type Expression = Position &
  (
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "text"; readonly value: string }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "unary"; readonly operator: string; readonly operand: Expression }
    | { readonly kind: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression }
    | {
        readonly kind: "choice";
        readonly condition: Expression;
        readonly whenTrue: Expression;
        readonly otherwise: Expression;
      }
    | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
    | { readonly kind: "member"; readonly object: Expression; readonly name: string }
    | {
        readonly kind: "method";
        readonly object: Expression;
        readonly name: string;
        readonly args: readonly Expression[];
      }
  );

export interface Statement {
  /** Undefined for an expression that is assigned to nothing. */
  readonly target: string | undefined;
  readonly value: Expression;
}

/** From weakest to strongest. */
const BINARY_LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["==", "!="],
  ["<", ">", "<=", ">="],
  ["+", "-"],
  ["*", "/"],
];

/** Deeper than anybody writes, and not deep enough for the parser to overflow the stack. */
const MAX_DEPTH = 200;

/** Statements separated by semicolons; the last semicolon may be left out. */
export function parseFormula(formula: string): readonly Statement[] {
  const statements = new FormulaParser(tokenize(formula)).parseStatements();
  if (statements.length > LIMITS.MAX_FORMULA_STATEMENTS) {
    const reason = `A formula may have at most ${LIMITS.MAX_FORMULA_STATEMENTS} statements, not ${statements.length}`;
    throw new FormulaSyntaxError({ line: 1, column: 1 }, reason);
  }
  return statements;
}

class FormulaParser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parseStatements(): Statement[] {
    const statements: Statement[] = [];
    while (this.#peek().kind !== "end") {
      if (this.#take(";") !== undefined) continue;
      statements.push({ target: this.#takeTarget(), value: this.#parseExpression() });
      if (this.#peek().kind !== "end") this.#expect(";");
    }
    return statements;
  }

  #takeTarget(): string | undefined {
    const name = this.#peek();
    if (name.kind !== "name" || this.#tokens[this.#next + 1]?.text !== "=") return undefined;
    this.#next += 2;
    return name.text;
  }

  #parseExpression(): Expression {
    if (++this.#depth > MAX_DEPTH) throw new FormulaSyntaxError(this.#peek(), "The expression is nested too deeply");
    const condition = this.#parseBinary(0);
    const question = this.#take("?");
    let result = condition;
    if (question !== undefined) {
      const whenTrue = this.#parseExpression();
      this.#expect(":");
      result = { kind: "choice", ...at(question), condition, whenTrue, otherwise: this.#parseExpression() };
    }
    this.#depth--;
    return result;
  }

  #parseBinary(level: number): Expression {
    const operators = BINARY_LEVELS[level];
    if (operators === undefined) return this.#parseUnary();
    let left = this.#parseBinary(level + 1);
    for (let token = this.#takeOneOf(operators); token !== undefined; token = this.#takeOneOf(operators)) {
      left = { kind: "binary", ...at(token), operator: token.text, left, right: this.#parseBinary(level + 1) };
    }
    return left;
  }

  #parseUnary(): Expression {
    const signs: Token[] = [];
    for (let token = this.#takeOneOf(["-", "!"]); token !== undefined; token = this.#takeOneOf(["-", "!"])) {
      signs.push(token);
    }
    if (signs.length > MAX_DEPTH) throw new FormulaSyntaxError(this.#peek(), "The expression is nested too deeply");
    return signs.reduceRight<Expression>(
      (operand, token) => ({ kind: "unary", ...at(token), operator: token.text, operand }),
      this.#parsePostfix(),
    );
  }

  #parsePostfix(): Expression {
    let expression = this.#parsePrimary();
    while (this.#take(".") !== undefined) {
      const name = this.#expectName();
      const args = this.#parseArguments();
      expression =
        args === undefined
          ? { kind: "member", ...at(name), object: expression, name: name.text }
          : { kind: "method", ...at(name), object: expression, name: name.text, args };
    }
    return expression;
  }

  #parsePrimary(): Expression {
    const token = this.#peek();
    this.#next++;
    if (token.kind === "number") return { kind: "number", ...at(token), value: Number(token.text) };
    if (token.kind === "text") return { kind: "text", ...at(token), value: token.text };
    if (token.kind === "name") {
      const args = this.#parseArguments();
      if (args === undefined) return { kind: "name", ...at(token), name: token.text };
      return { kind: "call", ...at(token), name: token.text, args };
    }
    if (token.text === "(" && token.kind === "symbol") {
      const inner = this.#parseExpression();
      this.#expect(")");
      return inner;
    }
    throw new FormulaSyntaxError(token, `An expression cannot begin with ${describe(token)}`);
  }

  #parseArguments(): Expression[] | undefined {
    if (this.#take("(") === undefined) return undefined;
    const args: Expression[] = [];
    if (this.#take(")") !== undefined) return args;
    do args.push(this.#parseExpression());
    while (this.#take(",") !== undefined);
    this.#expect(")");
    return args;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", text: "the end", line: 1, column: 1 };
  }

  #take(symbol: string): Token | undefined {
    return this.#takeOneOf([symbol]);
  }

  #takeOneOf(symbols: readonly string[]): Token | undefined {
    const token = this.#peek();
    if (token.kind !== "symbol" || !symbols.includes(token.text)) return undefined;
    this.#next++;
    return token;
  }

  #expect(symbol: string): void {
    if (this.#take(symbol) !== undefined) return;
    const token = this.#peek();
    throw new FormulaSyntaxError(token, `Expected "${symbol}" but found ${describe(token)}`);
  }

  #expectName(): Token {
    const token = this.#peek();
    if (token.kind !== "name") throw new FormulaSyntaxError(token, `Expected a name but found ${describe(token)}`);
    this.#next++;
    return token;
  }
}

function at({ line, column }: Position): Position {
  return { line, column };
}

function describe(token: Token): string {
  return token.kind === "end" ? token.text : `"${token.text}"`;
}
