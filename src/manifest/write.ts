import { Document, Pair, Scalar, YAMLMap } from 'yaml';
import { oneLine } from '../plain-text.ts';
import { redacted } from '../secrets.ts';

/** A key of a manifest that a program writes, with the lines of comment above it. */
export interface Entry {
  readonly key: string;
  /** Plain data, or the entries of a mapping. */
  readonly value: unknown;
  readonly comments?: readonly string[];
}

/** A mapping whose keys have comments. */
export class Entries {
  readonly all: readonly Entry[];
  constructor(all: readonly Entry[]) {
    this.all = all;
  }
}

const longestLine = 118;

/** YAML of these entries. A comment is prose of others as well: each one stays a comment, whatever characters it has. */
export const yamlOf = (entries: readonly Entry[], opening: readonly string[] = []): string => {
  const document = new Document(null, { version: '1.2', schema: 'core' });
  document.contents = mapOf(document, entries, 0) as never;
  const text = document.toString({ lineWidth: 0, indentSeq: true });
  return `${opening
    .flatMap((line) => wrapped(line, 0))
    .map((line) => `#${line}\n`)
    .join('')}${text}`;
};

/** The same as plain data, for a reader of YAML. */
export const plainOf = (value: unknown): unknown =>
  value instanceof Entries ? Object.fromEntries(value.all.map((one) => [one.key, plainOf(one.value)])) : value;

const mapOf = (document: Document, entries: readonly Entry[], depth: number): YAMLMap => {
  const map = new YAMLMap();
  for (const { key: name, value, comments = [] } of entries) {
    const key = new Scalar(name);
    if (comments.length > 0) key.commentBefore = comments.flatMap((one) => wrapped(one, depth)).join('\n');
    map.add(
      new Pair(
        key,
        value instanceof Entries ? mapOf(document, value.all, depth + 1) : document.createNode(value, { flow: true }),
      ),
    );
  }
  return map;
};

/** Lines of a comment, each with its leading space. */
const wrapped = (text: string, depth: number): readonly string[] => {
  const room = longestLine - 2 * depth;
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(redacted(text)).split(/\s+/)) {
    if (line !== '' && line.length + word.length + 1 > room) {
      lines.push(line);
      line = '';
    }
    line = `${line} ${word}`;
  }
  return [...lines, line];
};
