import { parseYaml } from '../../manifest/yaml.ts';

/** A workflow or an action of the user's repository, by its path there. */
export type Files = ReadonlyMap<string, string>;

export interface References {
  /** Addresses of the suite, as the files name it: `acme/model-delivery@v1`. */
  readonly homes: readonly string[];
  /** Other people's actions and workflows: `actions/setup-python@v6`. */
  readonly others: readonly string[];
}

/**
 * The references of a workflow, and of all that it uses in its own repository and in the suite.
 * @param suite the suite's actions and workflows, by their paths
 */
export const referencesOf = (files: Files, workflow: string, suite: Files): References => {
  const homes = new Set<string>();
  const others = new Set<string>();
  const seen = new Set<string>();
  const follow = (path: string, from: Files): void => {
    const text = from.get(path) ?? '';
    if (seen.has(text)) return;
    seen.add(text);
    for (const uses of usesIn(text)) {
      const [, local] = /^(?:\.|\$)\/(.+?)\/?$/.exec(uses) ?? [];
      if (local !== undefined)
        for (const file of [local, `${local}/action.yml`, `${local}/action.yaml`]) follow(file, from);
      const [, repository, inside = '', ref] = /^([\w.-]+\/[\w.-]+)(?:\/([^@]+))?@(.+)$/.exec(uses) ?? [];
      if (repository === undefined) continue;
      (suite.has(inside) ? homes : others).add(`${repository}@${ref}`);
      follow(inside, suite);
    }
  };
  follow(workflow, files);
  return { homes: [...homes], others: [...others].filter((other) => !homes.has(other)) };
};

const usesIn = (text: string): readonly string[] =>
  [...members(text)].flatMap(({ key, value }) => (key === 'uses' && typeof value === 'string' ? [value] : []));

/** What the files of a repository name literally, for the local AWS. */
export interface Named {
  /** Names and ARNs. */
  readonly roles: readonly string[];
  readonly buckets: readonly string[];
  /** With expressions in their tags, when the workflow has some. */
  readonly images: readonly string[];
  /** `s3://…`, given as an artifact. */
  readonly artifacts: readonly string[];
  readonly trainingJobs: readonly string[];
  /** Labels of `runs-on`. */
  readonly runners: readonly string[];
}

const roleKey = /(^|-)role(-to-assume|-arn)?$/;

export const namedIn = (files: Files): Named => {
  const all = [...files.values()];
  const given = all.flatMap((text) => [...members(text)]);
  const texts = (wanted: (key: string) => boolean): readonly string[] =>
    given.flatMap(({ key, value }) =>
      wanted(key) && typeof value === 'string' && !value.includes('${{') ? [value] : [],
    );
  const matches = (pattern: RegExp): readonly string[] =>
    all.flatMap((text) => [...text.matchAll(pattern)].map(([whole, part]) => part ?? whole));
  return {
    roles: unique([
      ...texts((key) => roleKey.test(key)).filter((role) => /^[\w+=,.@/-]{1,128}$/.test(role)),
      ...matches(/arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+/g),
    ]),
    buckets: unique(matches(/s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?=[/\s"'`]|$)/gm)),
    images: unique(
      matches(
        /\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com\/[a-z0-9._/-]+(?::(?:[\w.-]|\$\{\{[^}]+\}\})+)?(?![\w.@:-])/g,
      ),
    ),
    artifacts: unique(texts((key) => key === 'artifact').filter((uri) => /^s3:\/\/[^/]+\/.+/.test(uri))),
    runners: unique(
      given
        .flatMap(({ key, value }) => (key === 'runs-on' ? [value].flat() : []))
        .filter((label) => typeof label === 'string' && !label.includes('${{')) as string[],
    ),
    trainingJobs: unique(texts((key) => key === 'training-job').filter((job) => /^[a-zA-Z0-9-]{1,63}$/.test(job))),
  };
};

/** The members of every mapping, at any depth. An unreadable file has none: GitHub does not run it either. */
function* members(text: string): Generator<{ readonly key: string; readonly value: unknown }> {
  const open: unknown[] = [contentOf(text)];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, member] of Object.entries(value)) {
      if (!Array.isArray(value)) yield { key, value: member };
      open.push(member);
    }
  }
}

const contentOf = (text: string): unknown => {
  try {
    return parseYaml(text).value;
  } catch {
    return undefined;
  }
};

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)];
