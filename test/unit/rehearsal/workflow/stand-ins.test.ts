import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readArchive } from '../../../../simulator/containers/archive.ts';
import { fixture, irisFixture } from '../../../../simulator/fixtures/fixtures.ts';
import { faults } from '../../../../src/rehearsal/workflow/fault.ts';
import { type Behaviours, createStandIns } from '../../../../src/rehearsal/workflow/stand-ins.ts';

const iris = readArchive(irisFixture('1.0.0').artifact);
const failing = { is: 'errors=5%', behaviour: { failingShare: 0.05 } };
const packageArn = (number: number): string => `arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/${number}`;

/** Share of failing requests of each version, in the order in which they are launched; `own`: its own files serve. */
const launched = (options: Partial<Behaviours>, before: readonly number[], after: readonly number[]) => {
  const standIns = createStandIns({ own: false, baseline: { failingShare: 0.001 }, ...options });
  const launch = (number: number): number | string => {
    const files = standIns.serve(packageArn(number), iris);
    return files === undefined ? 'own' : JSON.parse(String(files.get('inference.json'))).failingShare;
  };
  const shares = [...before.map(launch)];
  standIns.candidates();
  return { shares: [...shares, ...after.map(launch)], served: standIns.served() };
};

describe('what serves', () => {
  test('a version that served before stays as it was; the later ones are the candidate', () => {
    expect(launched({ candidate: failing }, [1, 1], [1, 2, 3, 2])).toEqual({
      shares: [0.001, 0.001, 0.001, 0.05, 0.05, 0.05],
      served: [
        'churn/1: a stand-in, as the version that serves',
        'churn/2: a stand-in, as errors=5%',
        'churn/3: a stand-in, as errors=5%',
      ],
    });
  });

  test('without a candidate all behave alike', () => {
    expect(launched({}, [1], [2]).shares).toEqual([0.001, 0.001]);
  });

  test('models of the user serve themselves, and only the candidate behaves otherwise', () => {
    expect(launched({ own: true, candidate: failing }, [1], [1, 2])).toEqual({
      shares: ['own', 'own', 0.05],
      served: ['churn/1: your model, as the version that serves', 'churn/2: your model, as errors=5%'],
    });
  });

  test('the requests are rows of the model that serves', () => {
    const standIns = createStandIns({ own: true, baseline: {} });
    expect(standIns.requests()).toBe('iris');
    standIns.serve('a', readArchive(fixture('segments', '1.0.0').artifact));
    expect(standIns.requests()).toBe('segments');
    standIns.serve('b', undefined);
    standIns.serve('c', iris);
    expect(standIns.requests()).toBe('iris');
  });
});

test('the page has every fault', () => {
  const page = readFileSync('docs/rehearsing.md', 'utf8');
  const [, table = ''] = /\| fault \| trouble \|\n\| --- \| --- \|\n((?:\|.*\n)+)/.exec(page) ?? [];
  expect(table).toBe(
    Object.entries(faults)
      .map(([name, { does }]) => `| \`${name}\` | ${does} |\n`)
      .join(''),
  );
});
