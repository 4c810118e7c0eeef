import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataConstraints } from '../../../simulator/fixtures/data-constraints.ts';
import { irisData, regressionPolicy } from '../../../simulator/fixtures/fixtures.ts';
import type { Check } from '../../findings/regression.ts';
import type { StepResult } from '../driver.ts';
import type { Stage } from '../stage.ts';
import { delivered, isEnd, type Scenario } from './scenario.ts';
import {
  failed,
  findingsOf,
  inProductionTested,
  isRefused,
  leavesNothingTemporary,
  reasonOf,
  tested,
} from './tested.ts';

const contractIn = (test: StepResult): Check | undefined =>
  findingsOf(test)?.checks?.find(({ name }) => name === 'contract');

/** The constraints of the flowers, with these names of the columns, as a baseline job writes them. @returns inputs of register-model */
const constraints = (
  stage: Stage,
  names: readonly [string, string, string, string],
): Readonly<Record<string, string>> => {
  const rows = irisData().rows.map(([a, b, c, d, species]) => ({
    species,
    [names[0]]: a,
    [names[1]]: b,
    [names[2]]: c,
    [names[3]]: d,
  }));
  writeFileSync(
    join(stage.workspace, 'constraints.json'),
    JSON.stringify(dataConstraints(rows, ['species', ...names])),
  );
  return { 'data-constraints': 'constraints.json' };
};

export const contractNamesTheColumn: Scenario = {
  name: 'contract-names-the-column',
  about:
    'A forest answers as well as the one that serves, but its training data has another name for a column: the test names the column, and the version cannot be delivered. A tree with the columns of the requests can.',
  expected: failed,
  play: async (stage, require) => {
    const [sepals, names] = [['sepal_length', 'sepal_width'] as const, ['petal_length', 'petal_width'] as const];
    await inProductionTested(stage, require, {
      version: '1.1.0',
      policy: regressionPolicy('iris', 'not-worse').replace('margin: 0.05', 'margin: 0.2'),
      keys: ['contract: { constraints: registered, output: species }'],
      inputs: constraints(stage, [...sepals, ...names]),
    });

    const good = await tested(
      stage,
      'The tree with the columns of the requests',
      '1.0.0',
      constraints(stage, [...sepals, ...names]),
    );
    require(good.test.outputs['verdict'] === 'pass', `it passes: ${reasonOf(good.test)}`);
    require(contractIn(good.test)?.because ===
      '5 columns in 50 golden rows keep the constraints, and callers of the version that serves do not break', `the contract is kept: ${contractIn(good.test)?.because}`);
    await good.release.run('deploy-endpoint', { 'dry-run': 'true' });
    await good.release.end();
    require(isEnd(good.release, { ...delivered, reasonCode: 'planned' }), 'it may be delivered');

    const { release, test } = await tested(
      stage,
      'The forest, trained with another name of a column',
      '1.3.0',
      constraints(stage, [...sepals, 'petal_length', 'petal_breadth']),
    );
    const { because } = await release.end();
    require(because.startsWith(
      'contract: column petal_breadth is a column of the constraints, and no request has it',
    ), `the column is named: ${because}`);
    const cells = findingsOf(test)?.cells.map(({ decision }) => decision) ?? [];
    require(cells.every((decision) => decision === 'pass'), `its answers are as good: ${cells}`);
    const broken = contractIn(test)?.cases.flatMap(({ name, verdict }) => (verdict === 'fail' ? [name] : []));
    require(broken?.join(', ') === 'column petal_breadth, column petal_width', `both names are broken: ${broken}`);
    require(test.summary.includes('petal_breadth'), 'the summary has it');
    await leavesNothingTemporary(stage, require, release);
    await isRefused(stage, require, '1.3.0');
    return release;
  },
};
