import type { FlowName, Setup, WrittenFile } from './setup.ts';
import { pageAt, plannerOf, stagesOf, testerOf } from './setup.ts';

/** The examples that are the callers of a flow. */
export const callersOf = (flow: FlowName): readonly string[] => [`${flow}.yml`, 'on-model-event.yml', 'watchdog.yml'];

/**
 * The caller workflows: the examples of this package, with the names of this repository in the place of theirs.
 * @param example the text of an example, by its name
 */
export const callers = (setup: Setup, example: (name: string) => string): readonly WrittenFile[] =>
  callersOf(setup.flow).map((name) => ({
    path: `.github/workflows/${name}`,
    content: headed(setup, named(setup, inputs(setup, name, branches(setup, name, example(name))))),
  }));

/** YAML of a name that stood in the example as it is. */
const word = (name: string, usual: string): string => (name === usual ? name : JSON.stringify(name));

/** A part of an example that is not there any more is a mistake of this code, and no workflow. */
const replaced = (text: string, pattern: RegExp, by: string): string => {
  if (!pattern.test(text)) throw new Error(`an example has no ${pattern}`);
  pattern.lastIndex = 0;
  return text.replace(pattern, () => by);
};

/** The branches of `on:`, and of the sentence above it. */
const branches = ({ branches: { main, develop }, dev }: Setup, name: string, text: string): string => {
  const onMain = (given: string): string => given.replaceAll('`main`', `\`${main}\``);
  if (name === 'github-flow.yml')
    return onMain(replaced(text, /^ {4}branches: \[main\]$/m, `    branches: [${word(main, 'main')}]`));
  if (name === 'gitflow.yml')
    return onMain(
      replaced(
        dev === undefined ? replaced(text, /`develop` is on dev, the branches/, 'the branches') : text,
        /^ {4}branches: \[develop, "release\/\*\*", "hotfix\/\*\*"\]$/m,
        `    branches: [${word(develop, 'develop')}, "release/**", "hotfix/**"]`,
      ),
    ).replaceAll('`develop`', `\`${develop}\``);
  return text;
};

/** The inputs whose value is not the default of the workflow. */
const inputs = (setup: Setup, name: string, text: string): string => {
  const { flow, branches, dev, staging, production } = setup;
  const all = JSON.stringify(stagesOf(setup).map((stage) => stage.name)).replaceAll(',', ', ');
  if (name === 'watchdog.yml') return replaced(text, /'\["staging", "production"\]'/, `'${all}'`);
  if (name === 'on-model-event.yml')
    return replaced(
      replaced(text, /'\["staging", "production"\]'/, `'${all}'`),
      /^ {6}environment: production$/m,
      `      environment: ${word(production.name, 'production')}`,
    );
  const usual = { main: 'main', develop: 'develop', dev: flow === 'gitflow' ? 'dev' : '' };
  const given: readonly (readonly [name: string, value: string, usual: string, because?: string])[] = [
    ['main', branches.main, usual.main],
    ...(flow === 'gitflow' ? [['develop', branches.develop, usual.develop] as const] : []),
    [
      'dev',
      dev?.name ?? '',
      usual.dev,
      dev === undefined ? ` # no environment: a push to ${branches.develop} registers nothing` : '',
    ],
    ['staging', staging.name, 'staging'],
    ['production', production.name, 'production'],
  ];
  const lines = given.flatMap(([input, value, standard, because = '']) =>
    value === standard ? [] : [`      ${input}: ${JSON.stringify(value)}${because}\n`],
  );
  return replaced(text, /^ {4}with:\n/m, `    with:\n${lines.join('')}`);
};

/** The names of model, roles, source and pages. */
const named = (setup: Setup, text: string): string => {
  const { model, source } = setup;
  // GitHub: an id of a job begins with a letter or `_`.
  const job = /^[a-zA-Z]/.test(model) ? model : `_${model}`;
  return text
    .replace(/\bchurn(_v|-planner\b|-tester\b)/g, (_all, end: string) =>
      end === '_v' ? `${model}_v` : end === '-planner' ? plannerOf(setup) : testerOf(setup),
    )
    .replace(/^(name: .*)\bchurn$/m, (_all, before: string) => `${before}${model}`)
    .replace(/^ {2}churn:$/m, () => `  ${job}:`)
    .replace(/OWNER\/model-delivery\/(\S+)@v1/g, (_all, path: string) => `${source.repository}/${path}@${source.ref}`)
    .replace(/\bdocs\/[\w-]+\.md/g, (page) => pageAt(setup, page));
};

/** The sentences above the workflow, with the names of the environments and their lines filled anew. */
const headed = ({ dev, staging, production }: Setup, text: string): string => {
  const [comments = ''] = /^(?:# .*\n)+/.exec(text) ?? [];
  const names: Readonly<Record<string, string>> = {
    ...(dev === undefined ? {} : { dev: dev.name }),
    ...{ staging: staging.name, production: production.name },
  };
  // At once: an environment may have the usual name of another one.
  const called = (sentence: string): string =>
    sentence.replace(/\b(?:dev|staging|production)\b(?![.-])/g, (usual) => names[usual] ?? usual);
  const lines: string[] = [];
  let line = '#';
  for (const word of called(comments.replace(/^# /gm, '').trimEnd().replaceAll('\n', ' ')).split(' ')) {
    if (line !== '#' && line.length + word.length > longestLine) {
      lines.push(line);
      line = '#';
    }
    line = `${line} ${word}`;
  }
  lines.push(line);
  return `${lines.join('\n')}\n${text.slice(comments.length).replaceAll('`production`', () => `\`${production.name}\``)}`;
};
const longestLine = 130;
