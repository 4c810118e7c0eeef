import { type Document, isAlias, isCollection, isMap, isNode, isPair, isScalar, type Node } from 'yaml';
import type * as z from 'zod/mini';
import { keyOf, quoted, redacted } from '../secrets.ts';
import { suggest } from './suggest.ts';

/** A problem at one place of a file. */
interface Problem {
  /** Into the text. */
  readonly offset: number;
  message(): string;
  /** Dotted path of the key that the user probably meant. */
  meant?(): string | undefined;
  /** Dotted path of the key that is missing. */
  readonly missing?: string;
}
type Path = readonly PropertyKey[];

export interface Explained {
  /** In the order of the file. */
  readonly shown: readonly { readonly offset: number; readonly message: string }[];
  /** How many more there are. */
  readonly more: number;
}

/** The first twenty mistakes show the pattern of the others; ten thousand would fill half a megabyte. */
const mostShown = 20;
const longestMessage = 600;
const longestKey = 80;

/**
 * The problems of a document in words. Only the shown ones are put into words: a suggestion is expensive to compute.
 * @param near finds the intended key
 */
export const explain = (
  issues: readonly z.core.$ZodIssue[],
  document: Document,
  root: unknown,
  near: typeof suggest = suggest,
): Explained => {
  const places = placesOf(document);
  const found = issues.flatMap((issue) => problemsOf(issue, places, root, near)).sort((a, b) => a.offset - b.offset);
  // A misspelt key is one mistake, not two: the message names the intended key, and does not report it as missing.
  const unknown = found.filter(({ meant }) => meant !== undefined).slice(0, mostShown);
  const meant = new Set(unknown.map((problem) => problem.meant?.()));
  const problems = found.filter(({ missing }) => missing === undefined || !meant.has(missing));
  return {
    shown: problems
      .slice(0, mostShown)
      .map(({ offset, message }) => ({ offset, message: cut(redacted(message()), longestMessage) })),
    more: Math.max(0, problems.length - mostShown),
  };
};

/** Of a mapping that may also be one word, the problems within the mapping. */
const withinMapping = (issue: z.core.$ZodIssue, root: unknown): readonly z.core.$ZodIssue[] | undefined => {
  if (issue.code !== 'invalid_union') return undefined;
  const value = valueAt(root, issue.path);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const within = issue.errors.find((branch) =>
    branch.some(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  return within?.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
};

const problemsOf = (issue: z.core.$ZodIssue, places: Places, root: unknown, near: typeof suggest): Problem[] => {
  const within = withinMapping(issue, root);
  if (within !== undefined) return within.flatMap((one) => problemsOf(one, places, root, near));
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(', ');
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      let nearest: { readonly key: string | undefined } | undefined;
      const meant = (): string | undefined => {
        nearest ??= { key: near(key, known) };
        return nearest.key;
      };
      return {
        offset: places.ofKey(path),
        message: () => {
          const right = meant();
          return prefixed(
            path,
            `unknown key; ${right ? `did you mean ${right}?` : `allowed here: ${known.join(', ')}`}`,
          );
        },
        meant: () => {
          const right = meant();
          return right === undefined ? undefined : dotted([...issue.path, right]);
        },
      };
    });
  }
  // A key with a short and a long form: the mistakes of the long form lie inside it.
  const inside = issue.code === 'invalid_union' ? issue.errors.find(isInside) : undefined;
  if (inside !== undefined)
    return inside.flatMap((one) => problemsOf({ ...one, path: [...issue.path, ...one.path] }, places, root, near));
  const problem = (message: string, offset: number): Problem[] => [
    { offset, message: () => prefixed(issue.path, message) },
  ];
  // Refinements give whole sentences about a value of the right type.
  if (issue.code === 'custom') return problem(issue.message, places.ofValue(issue.path));
  if (issue.code === 'invalid_key')
    return problem(
      `${isSecretive(issue.path) && !isName(issue.path.at(-1)) ? 'the key' : quoted(issue.path.at(-1))} is not ${issue.issues[0]?.message}`,
      places.ofKey(issue.path),
    );
  const [, expected = issue.message] = /; (expected .*)$/s.exec(issue.message) ?? [];
  const value = valueAt(root, issue.path);
  if (value === undefined)
    return [
      {
        offset: places.ofKey(issue.path),
        message: () => prefixed(issue.path, `is missing; ${expected}`),
        missing: dotted(issue.path),
      },
    ];
  if (value === null) return problem(`is empty; ${expected}`, places.ofKey(issue.path));
  return [
    {
      offset: places.ofValue(issue.path),
      message: () => {
        const nearest = typeof value === 'string' ? near(value, choicesOf(issue)) : undefined;
        const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
        return prefixed(
          issue.path,
          `${isSecretive(issue.path) ? 'the value' : quoted(value)} is not ${issue.message}${hint}`,
        );
      },
    },
  ];
};

const isInside = (issues: readonly z.core.$ZodIssue[]): boolean =>
  issues.some(({ code, path }) => code === 'unrecognized_keys' || path.length > 0);

const choicesOf = (issue: z.core.$ZodIssue): string[] => {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return issue.code === 'invalid_union' && 'options' in issue ? issue.options.map(String) : [];
};

const cut = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
const dotted = (path: Path): string =>
  path
    .map((step, i) =>
      isName(step) || !isSecretive(path.slice(0, i))
        ? cut(keyOf(String(step).slice(0, longestMessage)), longestKey)
        : '…',
    )
    .join('.');
/** `KEY value` should be `KEY: value`; the whole text was read as a key. */
const isName = (key: PropertyKey | undefined): boolean => /^[\w.-]{1,128}$/.test(String(key));
const prefixed = (path: Path, message: string): string => (path.length === 0 ? message : `${dotted(path)}: ${message}`);

/** Rule 16: users put secrets into a container's environment, in any shape. */
const isSecretive = (path: Path): boolean => path.includes('environment');

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined,
    root,
  );

interface Place {
  readonly key?: Node;
  readonly value?: Node;
}
interface Places {
  ofKey(path: Path): number;
  ofValue(path: Path): number;
}

/** The places of keys and values. Each map is searched once, however many of its keys are requested. */
const placesOf = (document: Document): Places => {
  const indexed = new Map<Node, ReadonlyMap<string, Place>>();
  const indexOf = (map: Node & { readonly items: readonly unknown[] }): ReadonlyMap<string, Place> => {
    const known = indexed.get(map);
    if (known) return known;
    const index = new Map<string, Place>();
    for (const item of map.items) {
      if (!isPair(item) || !isScalar(item.key) || index.has(String(item.key.value))) continue;
      index.set(String(item.key.value), isNode(item.value) ? { key: item.key, value: item.value } : { key: item.key });
    }
    indexed.set(map, index);
    return index;
  };
  const itemOf = (parent: Node, step: PropertyKey): Place | undefined => {
    if (!isCollection(parent)) return undefined;
    if (isMap(parent)) return indexOf(parent).get(String(step));
    const value = parent.items[Number(step)];
    return isNode(value) ? { value } : undefined;
  };
  /** Walks to the node at `path`, through aliases; gives the nearest existing key and value. */
  const locate = (path: Path): Place => {
    let found: Place = isNode(document.contents) ? { value: document.contents } : {};
    for (const step of path) {
      const parent = isAlias(found.value) ? found.value.resolve(document) : found.value;
      const item = parent && itemOf(parent, step);
      if (!item) return found;
      found = item;
    }
    return found;
  };
  return {
    ofKey: (path) => {
      const { key, value } = locate(path);
      return (key ?? value)?.range?.[0] ?? 0;
    },
    ofValue: (path) => {
      const { key, value } = locate(path);
      return (value ?? key)?.range?.[0] ?? 0;
    },
  };
};
