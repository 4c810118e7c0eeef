import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Outcome, outcomes } from '../../src/outcome.ts';
import { type ReasonCode, reasonCodes } from '../../src/reason-codes.ts';

/** Whatever a user may see comes from one of these, or from AWS, whose words the simulator has. */
const sources = globSync('{src,simulator,codebuild,bin}/**/*.{ts,mjs}', {
  exclude: (path) => /(^|\/)(node_modules|dist|infrastructure)$/.test(path),
})
  .sort()
  .map((path) => [path, spoken(readFileSync(path, 'utf8'))] as const);

/** The sentences of a source, as they are printed: parts that are joined by `+` in one piece, quotes and backticks without backslash. */
function spoken(source: string): string {
  return source.replace(/['"`] \+\s*['"`]/g, '').replace(/\\(['"`])/g, '$1');
}

/** The parts of a message between its `…`, each long enough to belong to no other message. */
const partsOf = (message: string): readonly string[] =>
  message
    .split('…')
    .map((part) => part.trim())
    .filter((part) => part.length > 2);

/** A part may be composed of two sentences of one source: `${absent}, or its trust policy …`. */
const isFrom = (text: string, part: string): boolean =>
  text.includes(part) ||
  Array.from(part, (_, at) => [part.slice(0, at).trim(), part.slice(at).trim()] as const).some((halves) =>
    halves.every((half) => half.length >= 8 && text.includes(half)),
  );

const isSaid = (message: string): boolean => {
  const parts = partsOf(message);
  return (
    Math.max(...parts.map((part) => part.length)) >= 10 &&
    sources.some(([, text]) => parts.every((part) => isFrom(text, part)))
  );
};

const page = 'docs/troubleshooting.md';
const messagesOf = (path: string): readonly string[] =>
  [...readFileSync(path, 'utf8').matchAll(/^```text\n(.*?)\n```$/gms)].map(([, message = '']) => message);

describe('a message of the page about symptoms', () => {
  test.each([...messagesOf(page), ...messagesOf('docs/upgrading.md')])('is one of the sources: %s', (message) => {
    expect(isSaid(message)).toBe(true);
  });
  test.each(['role … could not be assumed by anybody', '…', 'a … b', 'alarm … is already in the state ALARM…'])(
    'and another one is noticed: %s',
    (message) => {
      expect(isSaid(message)).toBe(false);
    },
  );

  test('ends with an outcome and a reason code that belong together', () => {
    const pattern = new RegExp(`\`(${outcomes.join('|')})/([a-z-]+)\``, 'g');
    const ends = [...readFileSync(page, 'utf8').matchAll(pattern)];
    expect(ends.length).toBeGreaterThan(5);
    for (const [, outcome, code] of ends)
      expect([code, reasonCodes[code as ReasonCode]?.outcome]).toEqual([code, outcome as Outcome]);
  });
});

describe('a command on a page', () => {
  const reference = new Map(
    readFileSync('docs/command-line.md', 'utf8')
      .split(/^### /m)
      .map((section) => [/^`([a-z-]+)/.exec(section)?.[1] ?? '', section] as const),
  );
  /** What is wrong with a command: its name, or an option that it does not have. */
  const faultsOf = (command: string): readonly string[] => {
    const [, name = '', rest = ''] = /model-delivery ([a-z-]+)([^\n`#|]*)/.exec(command) ?? [];
    const section = reference.get(name);
    if (section === undefined) return [`${name} is no command`];
    return [...rest.replaceAll(/'[^']*'|"[^"]*"/g, '').matchAll(/ --(no-)?([a-z0-9-]+)/g)].flatMap(
      ([, , option = '']) =>
        new RegExp(`^\\| \`--(\\[no-\\])?${option}[ \`]`, 'm').test(section) ? [] : [`${name} has no --${option}`],
    );
  };
  const written = ['docs/troubleshooting.md', 'docs/recipes.md', 'docs/upgrading.md'].flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/(?:npx |`)model-delivery [a-z-]+[^\n`]*/g)].map(
      ([command]) => [command] as const,
    ),
  );
  test.each(written)('is one of the command line: %s', (command) => {
    expect(faultsOf(command)).toEqual([]);
  });
  test('and a wrong one is noticed', () => {
    expect(faultsOf('model-delivery stats')).toEqual(['stats is no command']);
    expect(faultsOf("model-delivery status --wach --environment 'a --b'")).toEqual(['status has no --wach']);
  });
});
