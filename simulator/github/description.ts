import { readFileSync } from 'node:fs';

/** The calls of GitHub's REST API in use, and the smallest object of each kind that it sends; cut by `tools/cut-github-openapi.ts`. */
interface Description {
  readonly calls: readonly { readonly operationId: string; readonly method: string; readonly path: string }[];
  readonly smallest: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const { calls, smallest } = JSON.parse(
  readFileSync(new URL('./description.generated.json', import.meta.url), 'utf8'),
) as Description;

/** One request that GitHub knows. */
export interface Call {
  /** GitHub's name: `issues/create-comment`. */
  readonly operationId: string;
  readonly method: string;
  /** The values in the path, by name. */
  readonly values: Readonly<Record<string, string>>;
}

const known = calls.map(({ operationId, method, path }) => ({
  operationId,
  method,
  // `/commits/{ref}` may have slashes at GitHub; nothing here relies on them.
  pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
}));

export const callOf = (method: string, path: string): Call | undefined => {
  for (const { operationId, method: wanted, pattern } of known) {
    const found = method === wanted ? pattern.exec(path) : null;
    if (found === null) continue;
    const values = Object.entries(found.groups ?? {}).map(([name, text]) => [name, decodeURIComponent(text)] as const);
    return { operationId, method, values: Object.fromEntries(values) };
  }
  return undefined;
};

/** The smallest object of a kind, and over it the members that matter. */
export const example = (kind: string, members: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => {
  const found = smallest[kind];
  if (found === undefined) throw new Error(`GitHub's description was cut without ${kind}`);
  return { ...found, ...members };
};
