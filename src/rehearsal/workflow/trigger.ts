import { parseYaml } from '../../manifest/yaml.ts';
import { type Event, triggerOf } from './event.ts';

type Filter = Readonly<Record<string, unknown>>;

/** `on:` of a workflow; filters by the name of the event. */
export type Triggers = ReadonlyMap<string, Filter>;

/** undefined when the text is no workflow that can be read. */
export const triggersOf = (text: string): Triggers | undefined => {
  const { on, jobs } = readMapping(text);
  if (jobs === undefined) return undefined;
  if (typeof on === 'string') return new Map([[on, {}]]);
  if (Array.isArray(on)) return new Map(on.map((name) => [String(name), {}]));
  if (typeof on !== 'object' || on === null) return undefined;
  return new Map(
    Object.entries(on).map(([name, filter]) => [name, typeof filter === 'object' && filter !== null ? filter : {}]),
  );
};

const readMapping = (text: string): Filter => {
  try {
    const { value } = parseYaml(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
};

/**
 * The reason for which GitHub would start nothing; undefined: it starts the workflow. `paths` are not looked at.
 * @param branch that is pushed, or that a pull request goes to
 */
export const notStarted = (triggers: Triggers, event: Event, branch: string): string | undefined => {
  const name = triggerOf(event);
  const filter = triggers.get(name);
  if (filter === undefined) return `its \`on\` has ${[...triggers.keys()].join(', ')}`;
  if (event.is === 'repository_dispatch')
    return filter['types'] === undefined || texts(filter['types']).includes(event.type)
      ? undefined
      : `its \`types\` are ${texts(filter['types']).join(', ')}`;
  if (event.is === 'workflow_dispatch') return undefined;
  const [own, other] = event.is === 'tag' ? (['tags', 'branches'] as const) : (['branches', 'tags'] as const);
  const ref = event.is === 'tag' ? event.tag : branch;
  const has = (kind: string): boolean => kind in filter || `${kind}-ignore` in filter;
  // GitHub: with a filter for branches alone no tag starts the workflow, and the other way round.
  if (event.is !== 'pull_request' && !has(own) && has(other)) return `its \`on.push\` is only about ${other}`;
  const [wanted, ignored] = [filter[own], filter[`${own}-ignore`]];
  if (wanted !== undefined && !passes(texts(wanted), ref)) return `its \`${own}\` are ${texts(wanted).join(', ')}`;
  if (ignored !== undefined && passes(texts(ignored), ref))
    return `its \`${own}-ignore\` are ${texts(ignored).join(', ')}`;
  return undefined;
};

const texts = (value: unknown): readonly string[] => [value].flat().map(String);

/** The last pattern that matches decides (GitHub docs, "Workflow syntax", filter pattern cheat sheet). */
const passes = (patterns: readonly string[], ref: string): boolean =>
  patterns.reduce((passed, pattern) => {
    const negated = pattern.startsWith('!');
    return patternOf(negated ? pattern.slice(1) : pattern).test(ref) ? !negated : passed;
  }, false);

/** `*` stops at a slash and `**` does not; `?` and `+` repeat the character before; `[…]` is one of several. */
const patternOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern.replace(/\\(.)|\*\*|[*.^$(){}|]/g, (found, quoted: string | undefined) => {
      if (found === '**') return '.*';
      if (found === '*') return '[^/]*';
      return `\\${quoted ?? found}`;
    })}$`,
  );
