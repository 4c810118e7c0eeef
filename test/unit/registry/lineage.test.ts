import { describe, expect, test } from '@jest/globals';
import { lineageOf, originIn } from '../../../src/registry/lineage.ts';

const run = (id: number): string => `https://github.com/acme/churn/actions/runs/${id}`;
const registered = { CommitId: 'c0ffee', GeneratedBy: run(1) };

describe('the lineage', () => {
  test('has the commit and the run of the registration, and shows metadata that differs from them', () => {
    expect(
      lineageOf({
        MetadataProperties: registered,
        CustomerMetadataProperties: { 'git-sha': 'decade', 'run-url': run(2) },
      }),
    ).toEqual({ commit: 'c0ffee', 'commit in the metadata': 'decade', run: run(1), 'run in the metadata': run(2) });
  });

  test.each<readonly [string, Parameters<typeof lineageOf>[0]]>([
    ['metadata that agrees', { CustomerMetadataProperties: { 'git-sha': 'c0ffee', 'run-url': run(1) } }],
    ['no metadata', {}],
  ])('has them once beside %s', (_name, described) => {
    expect(lineageOf({ MetadataProperties: registered, ...described })).toEqual({ commit: 'c0ffee', run: run(1) });
  });

  test('of a version that was taken over has the run of its source, and its own', () => {
    const lineage = lineageOf({
      MetadataProperties: registered,
      CustomerMetadataProperties: {
        ...{ 'git-sha': 'c0ffee', 'run-url': run(1), 'taken-from': 'churn/3' },
        ...{ 'version-commit': 'decade', 'version-run': run(7) },
      },
    });
    expect(lineage).toEqual({
      commit: 'c0ffee',
      run: run(1),
      'commit of the version': 'decade',
      'run that registered it': run(7),
      'taken from package': 'churn/3',
    });
    expect(originIn(lineage ?? {})).toEqual({
      ...{ commit: 'c0ffee', run: run(1), takenFrom: 'churn/3' },
      ...{ ownCommit: 'decade', ownRun: run(7) },
    });
  });

  test('has those of the metadata where the package has no others', () => {
    expect(lineageOf({ CustomerMetadataProperties: { 'git-sha': 'c0ffee' } })).toEqual({ commit: 'c0ffee' });
    expect(lineageOf({ MetadataProperties: { CommitId: '' }, CustomerMetadataProperties: {} })).toBeUndefined();
  });
});
