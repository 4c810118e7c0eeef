import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml';
import type * as z from 'zod/mini';
import { InputError } from '../schema.ts';
import { keyOf, quoted, redacted } from '../secrets.ts';
import type { Environment, JudgePolicy, Manifest } from './manifest.ts';
import { judgeSchema, manifestSchema } from './schema.ts';
import { suggest } from './suggest.ts';

/** The manifest is not valid. One line per problem, in the order of the file: `delivery.yml:12:7: <key>: <what is wrong>`. */
export class ManifestError extends InputError {
  readonly reason = 'invalid-manifest';
}

/**
 * @param text YAML 1.2
 * @param path what the messages call the file
 * @throws {ManifestError}
 */
export const loadManifest = (text: string, path: string): Manifest => load(manifestSchema, text, path);

/**
 * A manifest that a new version is to be delivered by. A gate that the user believes in and that is not kept is worse than none, so
 * that a section which this version does not enforce is refused here. Going back, approval and history read the manifest without it.
 * @throws {ManifestError}
 */
export const loadToDeliver = (text: string, path: string): Manifest => {
  const manifest = loadManifest(text, path);
  if (manifest.regression === undefined) return manifest;
  const line = text.split('\n').findIndex((one) => /^["']?regression\b/.test(one));
  throw new ManifestError(
    `${path}:${line < 0 ? '' : `${line + 1}:1:`} regression: is not enforced by this version, so the candidate would be delivered untested;` +
      ' remove the section, and compare the versions in a step of your own before this one',
  );
};

/**
 * The `judge` section of a manifest in a file of its own.
 * @throws {ManifestError}
 */
export const loadJudge = (text: string, path: string): JudgePolicy => load(judgeSchema, text, path);

const load = <Output>(schema: z.ZodMiniType<Output>, text: string, path: string): Output => {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    version: '1.2',
    schema: 'core',
    logLevel: 'error',
  });
  const refuse = (problems: readonly Problem[]): ManifestError =>
    new ManifestError(
      [...problems]
        .sort((a, b) => a.offset - b.offset)
        .map(({ offset, message }) => {
          const { line, col } = lines.linePos(offset);
          return `${path}:${line}:${col}: ${redacted(message)}`;
        })
        .join('\n'),
    );

  // Only the first: after it the parser has lost its bearings, and the rest would be noise.
  const [syntax] = [...document.errors, ...document.warnings];
  if (syntax) throw refuse([{ offset: syntax.pos[0], message: yamlProblem(syntax) }]);
  const value = plain(document);
  if (value instanceof Error) throw refuse([{ offset: 0, message: yamlProblem(value) }]);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, document, value));
  // A misspelt key is one mistake, not two: say which key was meant, not that the right one is missing.
  const meant = new Set(problems.flatMap((problem) => problem.meant ?? []));
  throw refuse(problems.filter((problem) => !(problem.missing && meant.has(problem.missing))));
};

/** @throws {InputError} naming the environments there are */
export const environmentOf = (manifest: Manifest, name: string): Environment => {
  const names = Object.keys(manifest.environments);
  const found = Object.hasOwn(manifest.environments, name) ? manifest.environments[name] : undefined;
  if (found) return found;
  throw new InputError(
    `environment: the manifest has no environment ${quoted(name)}; it has ${names.join(', ')}${didYouMean(name, names)}`,
  );
};

interface Problem {
  /** Into the text. */
  readonly offset: number;
  readonly message: string;
  /** Dotted path of the key an unknown key was probably meant to be. */
  readonly meant?: string;
  /** Dotted path of the key that is missing. */
  readonly missing?: string;
}
type Path = readonly PropertyKey[];

/** The document as plain data, or why it has none (an alias that never ends, for one). */
const plain = (document: Document): unknown => {
  try {
    return document.toJS();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
};

/** A parser's sentence without the piece of the text that it quotes after a colon: the value may be a secret (rule 16). */
export const yamlProblem = ({ message }: Error): string => {
  const [sentence = ''] = message.split(/\n|; please/, 1);
  const said = sentence.replace(/^(Invalid escape sequence) .*|^([^:]*[^ :]): .*/, '$1$2');
  return said.trim();
};
const dotted = (path: Path): string =>
  path.map((step, i) => (isName(step) || !isSecretive(path.slice(0, i)) ? keyOf(String(step)) : '…')).join('.');
/** `KEY value` was meant to be `KEY: value`, and is all key. */
const isName = (key: PropertyKey | undefined): boolean => /^[\w.-]{1,128}$/.test(String(key));
const prefixed = (path: Path, message: string): string => (path.length === 0 ? message : `${dotted(path)}: ${message}`);
const didYouMean = (written: unknown, candidates: readonly string[]): string => {
  const nearest = typeof written === 'string' ? suggest(written, candidates) : undefined;
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
};

const problemsOf = (issue: z.core.$ZodIssue, document: Document, root: unknown): Problem[] => {
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(', ');
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      const nearest = suggest(key, known);
      const hint = nearest ? `did you mean ${nearest}?` : `allowed here: ${known.join(', ')}`;
      const problem = { offset: keyOffset(document, path), message: prefixed(path, `unknown key; ${hint}`) };
      return nearest ? { ...problem, meant: dotted([...issue.path, nearest]) } : problem;
    });
  }
  const problem = (message: string, offset: number): Problem[] => [{ offset, message: prefixed(issue.path, message) }];
  // Refinements speak in whole sentences about a value whose type was right.
  if (issue.code === 'custom') return problem(issue.message, valueOffset(document, issue.path));
  if (issue.code === 'invalid_key')
    return problem(
      `${isSecretive(issue.path) && !isName(issue.path.at(-1)) ? 'the key' : quoted(issue.path.at(-1))} is not ${issue.issues[0]?.message}`,
      keyOffset(document, issue.path),
    );
  const [, expected = issue.message] = /; (expected .*)$/s.exec(issue.message) ?? [];
  const value = valueAt(root, issue.path);
  if (value === undefined)
    return [
      {
        offset: keyOffset(document, issue.path),
        message: prefixed(issue.path, `is missing; ${expected}`),
        missing: dotted(issue.path),
      },
    ];
  if (value === null) return problem(`is empty; ${expected}`, keyOffset(document, issue.path));
  return problem(
    `${isSecretive(issue.path) ? 'the value' : quoted(value)} is not ${issue.message}${didYouMean(value, choicesOf(issue))}`,
    valueOffset(document, issue.path),
  );
};

const choicesOf = (issue: z.core.$ZodIssue): string[] => {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return issue.code === 'invalid_union' && 'options' in issue ? issue.options.map(String) : [];
};

/** Rule 16: people do put secrets into a container's environment, and in whatever shape. */
const isSecretive = (path: Path): boolean => path.includes('environment');

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined,
    root,
  );

/** Walks to the node at `path`, through aliases; gives the nearest key and value that are there. */
const locate = (document: Document, path: Path): { key?: Node; value?: Node } => {
  let found: { key?: Node; value?: Node } = isNode(document.contents) ? { value: document.contents } : {};
  for (const step of path) {
    const parent = isAlias(found.value) ? found.value.resolve(document) : found.value;
    const item = isCollection(parent) ? itemOf(parent.items, isMap(parent), step) : undefined;
    if (!item) return found;
    found = item;
  }
  return found;
};

const itemOf = (
  items: readonly unknown[],
  named: boolean,
  step: PropertyKey,
): { key?: Node; value?: Node } | undefined => {
  if (!named) {
    const value = items[Number(step)];
    return isNode(value) ? { value } : undefined;
  }
  for (const item of items) {
    if (!isPair(item) || !isScalar(item.key) || String(item.key.value) !== String(step)) continue;
    return isNode(item.value) ? { key: item.key, value: item.value } : { key: item.key };
  }
  return undefined;
};

const keyOffset = (document: Document, path: Path): number => {
  const { key, value } = locate(document, path);
  return (key ?? value)?.range?.[0] ?? 0;
};
const valueOffset = (document: Document, path: Path): number => {
  const { key, value } = locate(document, path);
  return (value ?? key)?.range?.[0] ?? 0;
};
