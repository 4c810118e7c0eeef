import { expect, it } from '@jest/globals';
import { loadRegression } from '../../../src/manifest/load.ts';

const read = (...lines: readonly string[]) =>
  loadRegression(
    ['task: regression', 'metrics: [mae]', 'request: { content-type: text/csv, input: [a] }', ...lines].join('\n'),
    'p.yml',
  );

it('labels may change with the model only where the manifest allows it', () => {
  expect(read('labels: { changed-with-model: allow }')).toMatchObject({ asking: { changedLabels: 'allowed' } });
});

it('a policy that writes the default is the one that leaves it out, so that its verdicts count', () => {
  expect(read('labels: { changed-with-model: refuse }')).toEqual(read());
});

it.each([
  ['labels: { changed-with-model: yes }', /labels\.changed-with-model: .*expected refuse or allow/],
  ['labels: {}', /labels/],
  ['labels: allow', /labels/],
])('%s is a mistake', (line, problem) => {
  expect(() => read(line)).toThrow(problem);
});
