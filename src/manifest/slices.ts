import type { Condition, Label, Slice } from './regression.ts';

/**
 * Slices as the manifest writes them: a column (`country`: one slice for each of its values), or a condition such as `age >= 65`,
 * `18 <= age < 65`, `country in [DE, FR] and not vip = true`. Their text is made from what was read, so that two spellings of one
 * condition have one name.
 */

/** Why a text is no slice; continues `"age >> 65" is not a slice: `. */
export class SliceProblem extends Error {
  override readonly name = 'SliceProblem';
}

/** @throws {SliceProblem} */
export const readSlice = (text: string): Slice => {
  const reader = readerOf(text);
  const [first, second] = [reader.peek(), reader.peek(1)];
  if (first?.is === 'name' && second === undefined)
    return { is: 'column', column: first.text, text: columnText(first.text) };
  const condition = anyOf(reader, 0);
  const left = reader.peek();
  if (left !== undefined) reader.refuse(`${left.text} is not expected there; conditions are joined by and, or`);
  return { is: 'condition', condition, text: conditionText(condition) };
};

/** The name of a column's slice of one value. */
export const sliceOfValue = (column: string, value: Label): string => `${columnText(column)} = ${literalText(value)}`;

interface Token {
  /** `name`: a word, or anything in backticks; `text`: in quotes. */
  readonly is: 'name' | 'word' | 'text' | 'number' | 'sign';
  readonly text: string;
}

interface Reader {
  readonly peek: (ahead?: number) => Token | undefined;
  readonly next: () => Token | undefined;
  /** Takes the next token if it is this sign or word. */
  readonly take: (...texts: readonly string[]) => string | undefined;
  readonly refuse: (because: string) => never;
}

const keywords: ReadonlySet<string> = new Set(['and', 'or', 'not', 'in', 'true', 'false']);
const bare = /^[\p{L}_][\p{L}\p{N}_.-]*$/u;
const piece =
  /\s*(?:(?<name>[\p{L}_][\p{L}\p{N}_.-]*)|`(?<quoted>[^`]+)`|(?<text>"(?:[^"\\]|\\.)*"|'[^']*')|(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\p{L}\p{N}_.-])|(?<sign>==|!=|<=|>=|[=<>()[\],]))/uy;

const readerOf = (text: string): Reader => {
  const tokens = tokensOf(text);
  let at = 0;
  const refuse = (because: string): never => {
    throw new SliceProblem(because);
  };
  return {
    peek: (ahead = 0) => tokens[at + ahead],
    next: () => tokens[at++],
    take: (...texts) => {
      const token = tokens[at];
      if (token === undefined || (token.is !== 'sign' && token.is !== 'word') || !texts.includes(token.text))
        return undefined;
      at++;
      return token.text;
    },
    refuse,
  };
};

const tokensOf = (text: string): readonly Token[] => {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  piece.lastIndex = 0;
  while (piece.lastIndex < end) {
    const from = piece.lastIndex;
    const groups = piece.exec(text)?.groups;
    if (groups === undefined)
      throw new SliceProblem(`it cannot be read from character ${from + 1} on; text with other signs is put in quotes`);
    tokens.push(tokenOf(groups));
  }
  if (tokens.length === 0) throw new SliceProblem('it is empty');
  return tokens;
};

const tokenOf = ({ name, quoted, text, number, sign }: Readonly<Record<string, string | undefined>>): Token => {
  if (name !== undefined) return { is: keywords.has(name) ? 'word' : 'name', text: name };
  if (quoted !== undefined) return { is: 'name', text: quoted };
  if (text !== undefined) return { is: 'text', text: unquoted(text) };
  return number === undefined ? { is: 'sign', text: sign ?? '' } : { is: 'number', text: number };
};

const unquoted = (text: string): string => {
  if (text.startsWith("'")) return text.slice(1, -1);
  try {
    return String(JSON.parse(text));
  } catch {
    throw new SliceProblem('its text in double quotes is not JSON text');
  }
};

const deepest = 20;

const anyOf = (reader: Reader, depth: number): Condition => {
  if (depth > deepest) reader.refuse(`it is nested more than ${deepest} levels deep`);
  return joined('or', reader, () => joined('and', reader, () => one(reader, depth)));
};

const joined = (by: 'and' | 'or', reader: Reader, part: () => Condition): Condition => {
  const parts = [part()];
  while (reader.take(by) !== undefined) parts.push(part());
  const [only, ...more] = parts;
  return only !== undefined && more.length === 0 ? only : { is: by, of: parts };
};

const one = (reader: Reader, depth: number): Condition => {
  if (depth > deepest) reader.refuse(`it is nested more than ${deepest} levels deep`);
  if (reader.take('not') !== undefined) return { is: 'not', of: one(reader, depth + 1) };
  if (reader.take('(') !== undefined) {
    const inner = anyOf(reader, depth + 1);
    if (reader.take(')') === undefined) reader.refuse('a bracket is not closed');
    return inner;
  }
  const first = reader.peek();
  return first?.is === 'number' || first?.is === 'text' ? ranged(reader) : compared(reader);
};

type Sign = Extract<Condition, { readonly is: 'compare' }>['by'];
const mirrored: Readonly<Record<Sign, Sign>> = { '=': '=', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** `65 <= age`, or `18 <= age < 65`. */
const ranged = (reader: Reader): Condition => {
  const from = literal(reader);
  const low = sign(reader);
  const column = columnName(reader);
  const least: Condition = { is: 'compare', column, by: mirrored[low], to: from };
  const next = reader.peek();
  if (next?.is !== 'sign' || !isSign(next.text)) return least;
  return { is: 'and', of: [least, { is: 'compare', column, by: sign(reader), to: literal(reader) }] };
};

const compared = (reader: Reader): Condition => {
  const column = columnName(reader);
  if (reader.take('not') !== undefined) {
    if (reader.take('in') === undefined) reader.refuse(`expected in after ${columnText(column)} not`);
    return { is: 'not', of: { is: 'in', column, values: list(reader) } };
  }
  if (reader.take('in') !== undefined) return { is: 'in', column, values: list(reader) };
  return { is: 'compare', column, by: sign(reader), to: literal(reader) };
};

const isSign = (text: string): text is Sign | '==' => text === '==' || Object.hasOwn(mirrored, text);

const sign = (reader: Reader): Sign => {
  const token = reader.next();
  if (token?.is !== 'sign' || !isSign(token.text))
    return reader.refuse(
      `expected =, !=, <, <=, >, >= or in${token === undefined ? ' at its end' : `, not ${token.text}`}`,
    );
  return token.text === '==' ? '=' : token.text;
};

const columnName = (reader: Reader): string => {
  const token = reader.next();
  return token?.is === 'name'
    ? token.text
    : reader.refuse(`expected the name of a column${token === undefined ? ' at its end' : `, not ${token.text}`}`);
};

const literal = (reader: Reader): Label => {
  const token = reader.next();
  if (token?.is === 'number') return Number(token.text);
  if (token?.is === 'name' || token?.is === 'text') return token.text;
  if (token?.is === 'word' && (token.text === 'true' || token.text === 'false')) return token.text === 'true';
  return reader.refuse(`expected a value${token === undefined ? ' at its end' : `, not ${token.text}`}`);
};

const list = (reader: Reader): readonly Label[] => {
  const opened = reader.take('[', '(');
  if (opened === undefined) reader.refuse('expected a list after in, e.g. in [DE, FR]');
  const values = [literal(reader)];
  while (reader.take(',') !== undefined) values.push(literal(reader));
  if (reader.take(opened === '[' ? ']' : ')') === undefined) reader.refuse('a list is not closed');
  return values;
};

const columnText = (name: string): string => (bare.test(name) && !keywords.has(name) ? name : `\`${name}\``);
const literalText = (value: Label): string =>
  typeof value === 'string' && !(bare.test(value) && !keywords.has(value)) ? JSON.stringify(value) : String(value);

const conditionText = (condition: Condition): string => {
  switch (condition.is) {
    case 'compare':
      return `${columnText(condition.column)} ${condition.by} ${literalText(condition.to)}`;
    case 'in':
      return `${columnText(condition.column)} in [${condition.values.map(literalText).join(', ')}]`;
    case 'not':
      return `not ${bracketed(condition.of)}`;
    case 'and':
    case 'or':
      return condition.of.map(bracketed).join(` ${condition.is} `);
  }
};

/** A joined condition inside another one. */
const bracketed = (condition: Condition): string =>
  condition.is === 'and' || condition.is === 'or' ? `(${conditionText(condition)})` : conditionText(condition);
