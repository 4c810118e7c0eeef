export interface Glance {
  readonly region?: string;
  /** The keys of the environment that name a role: `role`, `rollback-role`. */
  readonly roles: readonly string[];
}

/**
 * The region and the roles of an environment, read from the lines of its manifest before a parser is loaded. They are a guess: the caller
 * compares them with the manifest once that is read.
 * @returns undefined where the environment is not found, or is written in another way than one key a line
 */
export const glanceAt = (text: string, environment: string): Glance | undefined => {
  const lines = linesOf(text);
  const own = below(below(lines, 'environments'), environment);
  const keys = own.filter(({ indent }) => indent === own[0]?.indent).map(({ content }) => keyOf(content));
  if (keys.length === 0 || keys.includes(undefined)) return undefined;
  const roles = keys.flatMap((key) => (key !== undefined && /(^|-)role$/.test(key.name) ? [key.name] : []));
  const region = keys.find((key) => key?.name === 'region')?.value;
  if (region === undefined) return { roles };
  return /^[a-z0-9-]+$/.test(region) ? { region, roles } : undefined;
};

interface Line {
  readonly indent: number;
  readonly content: string;
}

const linesOf = (text: string): readonly Line[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trimEnd())
    .filter((line) => line.trim() !== '')
    .map((line) => ({ indent: line.length - line.trimStart().length, content: line.trimStart() }));

/** The lines of a block: those below its key that are further in. Keys of the same name deeper down are not meant. */
const below = (lines: readonly Line[], name: string): readonly Line[] => {
  const indent = lines[0]?.indent;
  const at = lines.findIndex((line) => line.indent === indent && unquoted(line.content) === `${name}:`);
  if (at < 0) return [];
  const rest = lines.slice(at + 1);
  const end = rest.findIndex((line) => line.indent <= (indent ?? 0));
  return end < 0 ? rest : rest.slice(0, end);
};

const keyOf = (content: string): { readonly name: string; readonly value: string } | undefined => {
  const [, name, value] = /^([a-z][a-z0-9-]*):(?:\s+(.*))?$/.exec(unquoted(content)) ?? [];
  return name === undefined ? undefined : { name, value: value ?? '' };
};

const unquoted = (content: string): string => content.replace(/"([\w.-]*)"|'([\w.-]*)'/g, '$1$2');
