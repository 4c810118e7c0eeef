import { Composer, type CST, type Document, isScalar, LineCounter, Parser, visit } from 'yaml';

/** Files that people write stay far below this size; a larger file is a mistake, or an attempt to exhaust the reader. */
export const yamlLimits = { characters: 256 * 1024, depth: 40 } as const;

/** Why a text is not acceptable YAML; `offset` is into the text. */
export class YamlProblem extends Error {
  override readonly name = 'YamlProblem';
  readonly offset: number;
  readonly lines: LineCounter;
  constructor(message: string, offset: number, lines: LineCounter) {
    super(message);
    this.offset = offset;
    this.lines = lines;
  }
}

export interface Yaml {
  readonly document: Document;
  /** As plain data; aliases are filled in. */
  readonly value: unknown;
  readonly lines: LineCounter;
}

/**
 * YAML 1.2, core schema, one document, in time linear in its length. Depth is measured on tokens, which the parser makes without
 * recursion: the composer after it would overflow the stack.
 * @throws {YamlProblem}
 */
export const parseYaml = (text: string): Yaml => {
  const lines = new LineCounter();
  const refuse = (message: string, offset = 0): never => {
    throw new YamlProblem(message, offset, lines);
  };
  if (text.length > yamlLimits.characters)
    refuse(`the file has ${text.length} characters; at most ${yamlLimits.characters} are read`);
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const tooDeep = deeperThan(tokens, yamlLimits.depth);
  if (tooDeep !== undefined) refuse(`is nested more than ${yamlLimits.depth} levels deep`, tooDeep);
  // Unique keys are checked below: the parser would compare each key with all others.
  const composer = new Composer({ version: '1.2', schema: 'core', logLevel: 'error', uniqueKeys: false });
  const documents = [...composer.compose(tokens, true, text.length)];
  const [document = refuse('is empty')] = documents;
  // Only the first problem counts: after it the parser is out of step, and its further errors are noise.
  const [syntax] = [...document.errors, ...document.warnings];
  if (syntax) refuse(sentence(syntax.message), syntax.pos[0]);
  const second = documents[1];
  if (second) refuse('Source contains multiple documents', second.range[0]);
  const twice = repeatedKey(document);
  if (twice !== undefined) refuse('Map keys must be unique', twice);
  try {
    // Aliases of aliases multiply: the library stops at a hundred.
    return { document, value: document.toJS(), lines };
  } catch (error) {
    return refuse(sentence(error instanceof Error ? error.message : String(error)));
  }
};

/** A parser's sentence without the piece of the text that it quotes after a colon: the value may be a secret (rule 16). */
const sentence = (message: string): string => {
  const [first = ''] = message.split(/\n|; please/, 1);
  return first.replace(/^(Invalid escape sequence) .*|^([^:]*[^ :]): .*/, '$1$2').trim();
};

/** The offset of the first collection that lies deeper than `most`. */
const deeperThan = (tokens: readonly CST.Token[], most: number): number | undefined => {
  const left = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { token, depth } = next;
    if (token.type === 'document' && token.value) left.push({ token: token.value, depth });
    if (!('items' in token)) continue;
    if (depth >= most) return token.offset;
    for (const { key, value } of token.items) {
      if (key) left.push({ token: key, depth: depth + 1 });
      if (value) left.push({ token: value, depth: depth + 1 });
    }
  }
  return undefined;
};

/** The offset of the first key that its map has already. */
const repeatedKey = (document: Document): number | undefined => {
  let found: number | undefined;
  visit(document, {
    Map: (_key, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) found = Math.min(found ?? Number.POSITIVE_INFINITY, key.range?.[0] ?? 0);
        seen.add(key.value);
      }
    },
  });
  return found;
};
