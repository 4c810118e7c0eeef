import { Document, type Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
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
const longestFlow = 90;

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

const mapOf = (document: Document, entries: readonly Entry[], depth: number): YAMLMap => {
  const map = new YAMLMap();
  for (const { key: name, value, comments = [] } of entries) {
    const key = new Scalar(name);
    if (comments.length > 0) key.commentBefore = comments.flatMap((one) => wrapped(one, depth)).join('\n');
    map.add(new Pair(key, nodeOf(document, value, depth + 1)));
  }
  return map;
};

/** On one line where it fits. */
const nodeOf = (document: Document, value: unknown, depth: number): Node => {
  if (value instanceof Entries) return mapOf(document, value.all, depth);
  const isCollection = typeof value === 'object' && value !== null;
  if (!isCollection || JSON.stringify(value).length <= longestFlow)
    return document.createNode(value, { flow: true }) as Node;
  if (!Array.isArray(value))
    return mapOf(
      document,
      Object.entries(value).map(([key, member]) => ({ key, value: member })),
      depth,
    );
  const list = new YAMLSeq();
  for (const item of value) list.add(nodeOf(document, item, depth + 1));
  return list;
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
