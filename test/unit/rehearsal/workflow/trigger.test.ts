import { expect, test } from '@jest/globals';
import { readEvent } from '../../../../src/rehearsal/workflow/event.ts';
import { notStarted, triggersOf } from '../../../../src/rehearsal/workflow/trigger.ts';

/** `yes`, or the reason for which GitHub starts nothing. */
const starts = (on: string, written: string, branch = 'main'): string => {
  const triggers = triggersOf(`on: ${on}\njobs: {}\n`);
  const event = readEvent(written);
  if (triggers === undefined || event === undefined) throw new Error(`${on} ${written}`);
  return notStarted(triggers, event, branch) ?? 'yes';
};

// GitHub docs, "Workflow syntax for GitHub Actions": on.push, filter pattern cheat sheet.
test.each<[on: string, event: string, branch: string, expected: string]>([
  ['push', 'push', 'main', 'yes'],
  ['[push, pull_request]', 'pull_request', 'main', 'yes'],
  ['push', 'tag:v1', 'main', 'yes'],
  ['push', 'pull_request', 'main', 'its `on` has push'],
  ['{ push: { branches: [main] } }', 'push', 'main', 'yes'],
  ['{ push: { branches: [main] } }', 'push', 'main2', 'its `branches` are main'],
  ['{ push: { branches: [main] } }', 'tag:v1', 'main', 'its `on.push` is only about branches'],
  ['{ push: { tags: ["v*"] } }', 'push', 'main', 'its `on.push` is only about tags'],
  ['{ push: { branches: [main], tags: ["iris_v[0-9]+.[0-9]+.[0-9]+"] } }', 'tag:iris_v1.20.3', 'main', 'yes'],
  ['{ push: { tags: ["v[0-9]+.[0-9]+.[0-9]+"] } }', 'tag:v1x2y3', 'main', 'its `tags` are v[0-9]+.[0-9]+.[0-9]+'],
  ['{ push: { branches: ["release/*"] } }', 'push', 'release/1.0', 'yes'],
  ['{ push: { branches: ["release/*"] } }', 'push', 'release/a/b', 'its `branches` are release/*'],
  ['{ push: { branches: ["release/**"] } }', 'push', 'release/a/b', 'yes'],
  ['{ push: { branches: ["**", "!main"] } }', 'push', 'main', 'its `branches` are **, !main'],
  ['{ push: { branches: ["!main", "**"] } }', 'push', 'main', 'yes'],
  ['{ push: { branches-ignore: [docs] } }', 'push', 'docs', 'its `branches-ignore` are docs'],
  ['{ pull_request: { branches: [main] } }', 'pull_request', 'develop', 'its `branches` are main'],
  ['{ pull_request: }', 'pull_request', 'develop', 'yes'],
  ['{ workflow_dispatch: }', 'workflow_dispatch', 'x', 'yes'],
  ['{ repository_dispatch: { types: [model-approved] } }', 'repository_dispatch:model-approved', 'x', 'yes'],
  ['{ repository_dispatch: { types: [a] } }', 'repository_dispatch:b', 'x', 'its `types` are a'],
])('%s, %s of %s: %s', (on, event, branch, expected) => {
  expect(starts(on, event, branch)).toBe(expected);
});

test.each(['', 'tag', 'push:', 'tag:a b', 'release', 'pull_request:1', 'repository_dispatch', 'push:-x'])(
  '%p is no event',
  (written) => expect(readEvent(written)).toBeUndefined(),
);

test.each(['on: push', 'jobs: {}', 'a: [', '- a'])('%p is no workflow', (text) =>
  expect(triggersOf(text)).toBeUndefined(),
);
