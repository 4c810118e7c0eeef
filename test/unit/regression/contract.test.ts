import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { dataConstraints } from '../../../simulator/fixtures/data-constraints.ts';
import { irisData } from '../../../simulator/fixtures/fixtures.ts';
import { parseConstraints } from '../../../src/registry/constraints-file.ts';
import { compareConstraints } from '../../../src/regression/contract/compare-constraints.ts';
import { answersCheck, type Contract, contractCheck, rowsCheck } from '../../../src/regression/contract/contract.ts';
import { checkLines } from '../../../src/report/regression/checks.ts';
import { InputError } from '../../../src/schema.ts';

const constraintsOf = (value: unknown) => parseConstraints(JSON.stringify(value), 'constraints.json');

type Feature = Readonly<Record<string, unknown>>;

const document = (features: readonly Feature[], config: object = {}) => ({
  version: 0,
  features,
  monitoring_config: {
    evaluate_constraints: 'Enabled',
    emit_metrics: 'Enabled',
    datatype_check_threshold: 1,
    domain_content_threshold: 1,
    distribution_constraints: { perform_comparison: 'Enabled', comparison_threshold: 0.1, comparison_method: 'Robust' },
    ...config,
  },
});
const age = {
  name: 'age',
  inferred_type: 'Integral',
  completeness: 1,
  num_constraints: { is_non_negative: true },
};
const income = { name: 'income', inferred_type: 'Fractional', completeness: 0.5 };
const plan = {
  name: 'plan',
  inferred_type: 'String',
  completeness: 1,
  string_constraints: { domains: ['basic', 'pro'] },
};

/** The check of rows `[age, income, plan]` against the constraints of these three columns. */
const checkOf = (
  rows: readonly (readonly unknown[])[],
  {
    features = [age, income, plan],
    config = {},
    ...rest
  }: { features?: readonly Feature[]; config?: object } & Given = {},
) =>
  checked(rows, {
    constraints: constraintsOf(document(features, config)),
    columns: ['age', 'income', 'plan'],
    ...rest,
  });

type Cells = readonly { readonly id: string; readonly value: unknown }[];
type Given = Partial<Omit<Contract, 'rows' | 'output'>> & {
  readonly output?: { readonly column: string; readonly candidate: Cells; readonly baseline: Cells };
};

const checked = (
  rows: readonly (readonly unknown[])[],
  { output, ...contract }: Given & Pick<Contract, 'constraints' | 'columns'>,
) => {
  const answers = (cells: Cells) => {
    const check = answersCheck(contract.constraints, output?.column ?? '');
    for (const { id, value } of cells) check.take(id, [value]);
    return check.checked();
  };
  const whole = { level: 'fail', written: 'json', ...contract } as const;
  const check = rowsCheck(whole);
  for (const [at, values] of rows.entries()) check.take(`row-${at + 1}`, values);
  return contractCheck({
    ...whole,
    rows: check.checked(),
    ...(output === undefined
      ? {}
      : { output: { ...output, candidate: answers(output.candidate), baseline: answers(output.baseline) } }),
  });
};

const good = [
  [41, 1200.5, 'basic'],
  [7, null, 'pro'],
] as const;

/** Of the parts that are broken: column, constraint, kept, ids. */
const broken = ({ table }: ReturnType<typeof checkOf>) =>
  (table?.rows ?? [])
    .filter(([, , , kept = '', least = '']) => kept === 'no' || isLess(kept, least))
    .map(([column, , constraint, kept, , ids]) => [column, constraint, kept, ids]);
const isLess = (kept: string, least: string): boolean => {
  const [, some = '', all = ''] = /^(\d+) of (\d+)$/.exec(kept) ?? [];
  return Number(some) / Number(all) < Number.parseFloat(least) / 100;
};

describe('golden rows against the constraints', () => {
  test('that keep them pass, with every constraint in the table', () => {
    const check = checkOf(good);
    expect(check).toMatchObject({
      name: 'contract',
      verdict: 'pass',
      because: '3 columns in 2 golden rows keep the constraints',
      cases: [
        { name: 'column age', verdict: 'pass' },
        { name: 'column income', verdict: 'pass' },
        { name: 'column plan', verdict: 'pass' },
      ],
    });
    expect(check.table?.rows).toEqual([
      ['age', 'golden rows', 'completeness', '2 of 2', '100 %', ''],
      ['age', 'golden rows', 'type Integral', '2 of 2', '100 %', ''],
      ['age', 'golden rows', 'not negative', '2 of 2', '100 %', ''],
      ['income', 'golden rows', 'completeness', '1 of 2', '50 %', 'row-2'],
      ['income', 'golden rows', 'type Fractional', '1 of 1', '100 %', ''],
      ['plan', 'golden rows', 'completeness', '2 of 2', '100 %', ''],
      ['plan', 'golden rows', 'type String', '2 of 2', '100 %', ''],
      ['plan', 'golden rows', 'one of 2 values', '2 of 2', '100 %', ''],
    ]);
  });

  test.each<[string, readonly unknown[], readonly (readonly string[])[]]>([
    ['a fraction for a whole number', [1.5, 1, 'pro'], [['age', 'type Integral', '2 of 3', 'row-3']]],
    ['a text for a number', ['5', 1, 'pro'], [['age', 'type Integral', '2 of 3', 'row-3']]],
    ['a truth value for a number', [true, 1, 'pro'], [['age', 'type Integral', '2 of 3', 'row-3']]],
    ['a list for a number', [[1], 1, 'pro'], [['age', 'type Integral', '2 of 3', 'row-3']]],
    ['a negative number', [-1, 1, 'pro'], [['age', 'not negative', '2 of 3', 'row-3']]],
    ['no number', [null, 1, 'pro'], [['age', 'completeness', '2 of 3', 'row-3']]],
    ['another text', [1, 1, 'gold'], [['plan', 'one of 2 values', '2 of 3', 'row-3']]],
    [
      'a number for a text',
      [1, 1, 3],
      [
        ['plan', 'type String', '2 of 3', 'row-3'],
        ['plan', 'one of 2 values', '2 of 3', 'row-3'],
      ],
    ],
  ])('of JSON with %s fail by column and id, without the value', (_, row, expected) => {
    const check = checkOf([...good, row]);
    expect(check.verdict).toBe('fail');
    expect(broken(check)).toEqual(expected);
    expect(JSON.stringify(check)).not.toContain('gold"');
  });

  test.each<[string, string, string]>([
    ['5', 'Integral', '1 of 1'],
    ['-5', 'Integral', '1 of 1'],
    ['5.0', 'Integral', '0 of 1'],
    ['5', 'Fractional', '1 of 1'],
    ['.5', 'Fractional', '1 of 1'],
    ['1e-3', 'Fractional', '1 of 1'],
    ['five', 'Fractional', '0 of 1'],
    ['NaN', 'Fractional', '0 of 1'],
    ['0x10', 'Integral', '0 of 1'],
    ['5', 'String', '1 of 1'],
  ])('of CSV: the cell %j is of type %s: %s', (cell, type, kept) => {
    const check = checked([[cell]], {
      constraints: constraintsOf(document([{ name: 'c', inferred_type: type }])),
      columns: ['c'],
      written: 'csv',
    });
    expect(check.table?.rows.find(([, , constraint]) => constraint === `type ${type}`)?.[3]).toBe(kept);
  });

  test('of CSV have a number as text, and an empty cell is no value', () => {
    expect(
      checkOf(
        [
          ['41', '', 'basic'],
          [7, '3', 'pro'],
        ],
        { written: 'csv' },
      ).verdict,
    ).toBe('pass');
    expect(
      broken(
        checkOf(
          [
            ['', '1', 'basic'],
            ['-7', '3', 'pro'],
          ],
          { written: 'csv' },
        ),
      ),
    ).toEqual([
      ['age', 'completeness', '1 of 2', 'row-1'],
      ['age', 'not negative', '0 of 1', 'row-2'],
    ]);
  });

  test('a threshold of the file tolerates as many rows as it says, and not one more', () => {
    const rows = (wrong: number) => Array.from({ length: 10 }, (_, at) => [at < wrong ? 0.5 : 1, 1, 'pro']);
    const config = { datatype_check_threshold: 0.8 };
    expect(checkOf(rows(2), { config }).verdict).toBe('pass');
    expect(broken(checkOf(rows(3), { config }))).toEqual([['age', 'type Integral', '7 of 10', 'row-1, row-2, row-3']]);
    const own = { ...age, monitoringConfigOverrides: { datatype_check_threshold: 0.7 } };
    expect(checkOf(rows(3), { config, features: [own, income, plan] }).verdict).toBe('pass');
    const domains = (wrong: number) => Array.from({ length: 10 }, (_, at) => [1, 1, at < wrong ? 'x' : 'pro']);
    expect(checkOf(domains(1), { config: { domain_content_threshold: 0.9 } }).verdict).toBe('pass');
    expect(checkOf(domains(2), { config: { domain_content_threshold: 0.9 } }).verdict).toBe('fail');
  });

  test('a completeness with the digits of a share tolerates exactly its rows', () => {
    const features = [{ name: 'age', inferred_type: 'Integral', completeness: 149 / 150 }];
    const rows = (absent: number) => Array.from({ length: 150 }, (_, at) => [at < absent ? null : 1]);
    expect(checkOf(rows(1), { features, columns: ['age'] }).verdict).toBe('pass');
    expect(checkOf(rows(2), { features, columns: ['age'] }).verdict).toBe('fail');
  });

  test('at most ten rows are named, and all are counted', () => {
    const rows = Array.from({ length: 30 }, () => ['x', 1, 'pro']);
    expect(broken(checkOf(rows))).toEqual([
      ['age', 'type Integral', '0 of 30', Array.from({ length: 10 }, (_, at) => `row-${at + 1}`).join(', ')],
    ]);
  });

  test('a column that is missing, and one that is not known, are named', () => {
    const check = checkOf(
      good.map(([years, , name]) => [years, name, 1]),
      { columns: ['age', 'plan', 'tenure'] },
    );
    expect(check).toMatchObject({
      verdict: 'fail',
      because: 'column income is a column of the constraints, and no request has it; 1 more constraint is broken',
      cases: expect.arrayContaining([
        { name: 'column income', verdict: 'fail', because: 'is a column of the constraints, and no request has it' },
        {
          name: 'column tenure',
          verdict: 'fail',
          because: 'is sent in requests, and the constraints do not have it',
        },
        { name: 'column age', verdict: 'pass' },
      ]),
    });
  });

  test('columns of CSV in another order than the constraints have them are named, also beside one that is left out', () => {
    const swapped = good.map(([years, money, name]) => [money ?? '', years, name]);
    const columns = ['income', 'age', 'plan'];
    expect(checkOf(swapped, { columns, written: 'csv' })).toMatchObject({
      verdict: 'fail',
      because:
        'column income is sent in another place than the constraints have it, and the columns of CSV go by their places',
    });
    expect(
      checkOf(
        swapped.map(([money, ...rest]) => [money === '' ? null : money, ...rest]),
        { columns },
      ).verdict,
    ).toBe('pass');
    const off = { ...age, monitoringConfigOverrides: { evaluate_constraints: 'Disabled' } };
    const without = (order: readonly string[], rows: readonly (readonly unknown[])[]) =>
      checkOf(rows, { features: [off, income, plan], columns: order, written: 'csv' }).verdict;
    expect(without(['income', 'plan'], [['1', 'pro']])).toBe('pass');
    expect(without(['plan', 'income'], [['pro', '1']])).toBe('fail');
  });

  test('a column of the answers has no place in a request', () => {
    const output = { column: 'plan', candidate: [{ id: 'row-1', value: 'pro' }], baseline: [] };
    expect(
      checkOf([['7', '1']], { features: [plan, age, income], columns: ['age', 'income'], written: 'csv', output })
        .verdict,
    ).toBe('pass');
  });

  test('a column of which the file switches the checks off is not checked', () => {
    const off = { ...age, monitoringConfigOverrides: { evaluate_constraints: 'Disabled' } };
    expect(checkOf([['x', 1, 'pro']], { features: [off, income, plan] }).verdict).toBe('pass');
    expect(checkOf([[1, 'pro']], { features: [off, income, plan], columns: ['income', 'plan'] }).verdict).toBe('pass');
  });

  test('names of columns are foreign text, and short', () => {
    const name = `a\u202e${'x'.repeat(500)}`;
    const check = checkOf([[1]], { features: [{ name }], columns: ['other'] });
    expect(check.because).toContain('column a\\u202ex');
    expect(check.because.length).toBeLessThan(400);
  });
});

describe('a contract that cannot be compared is inconclusive', () => {
  test('when its columns have no names', () => {
    expect(checkOf(good, { features: [{ ...age, name: '_c0' }, income, plan] })).toMatchObject({
      verdict: 'inconclusive',
      because: expect.stringContaining('columns without names (_c0), as of CSV without a header: run the baseline job'),
    });
    // Columns of golden rows may have such names: `golden-set` gives them c0, Model Monitor _c0.
    expect(
      checkOf(good, { features: [{ ...age, name: '_c0' }, income, plan], columns: ['_c0', 'income', 'plan'] }).verdict,
    ).toBe('pass');
  });

  test('when the file switches the constraints off', () => {
    expect(checkOf(good, { config: { evaluate_constraints: 'Disabled' } })).toMatchObject({
      verdict: 'inconclusive',
      because: expect.stringContaining('evaluate_constraints is Disabled'),
    });
  });

  test('when it has no column of the predictions', () => {
    expect(checkOf(good, { output: { column: 'churn', candidate: [], baseline: [] } })).toMatchObject({
      verdict: 'inconclusive',
      because: 'the constraints have no column churn, which contract.output names; they have age, income, plan',
    });
  });
});

describe('the answers', () => {
  const churn = {
    name: 'churn',
    inferred_type: 'String',
    completeness: 1,
    string_constraints: { domains: ['yes', 'no'] },
  };
  const features = [churn, age, income, plan];
  const cells = (...values: readonly unknown[]) => values.map((value, at) => ({ id: `a-${at + 1}`, value }));

  test('of the candidate decide; those of the version that serves stand beside them', () => {
    const check = (candidate: readonly unknown[], baseline: readonly unknown[]) =>
      checkOf(good, {
        features,
        output: { column: 'churn', candidate: cells(...candidate), baseline: cells(...baseline) },
      });
    expect(check(['yes', 'no'], ['no', 'perhaps'])).toMatchObject({
      verdict: 'pass',
      table: {
        rows: expect.arrayContaining([
          ['churn', 'answers', 'one of 2 values', '2 of 2', '100 %', ''],
          ['churn', 'answers of the version that serves', 'one of 2 values', '1 of 2', '100 %', 'a-2'],
        ]),
      },
    });
    expect(check(['yes', 'perhaps'], ['no', 'no'])).toMatchObject({
      verdict: 'fail',
      because: 'column churn breaks the constraint one of 2 values in 1 of 2 answers',
      cases: expect.arrayContaining([expect.objectContaining({ because: expect.stringMatching(/: rows a-2$/) })]),
    });
  });

  test('need no column of a request', () => {
    expect(checkOf(good, { features }).verdict).toBe('fail');
    expect(checkOf(good, { features, output: { column: 'churn', candidate: cells('no'), baseline: [] } }).verdict).toBe(
      'pass',
    );
  });
});

describe('callers of the version that serves', () => {
  const differences = (now: readonly Feature[], was: readonly Feature[], ordered = false, output?: string) =>
    compareConstraints(constraintsOf(document(now)), constraintsOf(document(was)), { ordered, output }).map(
      ({ column, is }) => `${column} ${is}`,
    );

  test('of the same constraints do not break', () => {
    expect(differences([age, income, plan], [age, income, plan], true)).toEqual([]);
    expect(differences([plan, age], [age, plan])).toEqual([]);
  });

  test.each<[string, Feature, Feature, readonly string[]]>([
    ['Integral becomes Fractional', { ...age, inferred_type: 'Fractional' }, age, []],
    [
      'Fractional becomes Integral',
      { ...income, inferred_type: 'Integral' },
      income,
      ['income is of type Integral, was Fractional'],
    ],
    ['a number becomes text', { name: 'age', inferred_type: 'String' }, age, ['age is of type String, was Integral']],
    ['a type becomes Unknown', { name: 'age', inferred_type: 'Unknown' }, age, []],
    [
      'Unknown becomes a type',
      { name: 'x', inferred_type: 'String' },
      { name: 'x' },
      ['x is of type String, was Unknown'],
    ],
    ['no sign any more', { ...age, num_constraints: {} }, age, []],
    ['a sign', age, { ...age, num_constraints: { is_non_negative: false } }, ['age takes no negative number any more']],
    [
      'a value less',
      { ...plan, string_constraints: { domains: ['basic'] } },
      plan,
      ['plan does not take 1 of the 2 values that it took'],
    ],
    ['a value more', { ...plan, string_constraints: { domains: ['basic', 'pro', 'gold'] } }, plan, []],
    ['no domain any more', { ...plan, string_constraints: {} }, plan, []],
    ['a domain', plan, { ...plan, string_constraints: { domains: [] } }, ['plan takes only 2 values, and took any']],
  ])('when %s', (_, now, was, expected) => {
    expect(differences([now], [was])).toEqual(expected);
  });

  test('lose a column, have to send another, and send CSV in another order', () => {
    expect(differences([age, plan], [age, income])).toEqual([
      'plan is a column that callers of the version that serves do not send',
      'income is gone, and callers of the version that serves send it',
    ]);
    expect(differences([income, age], [age, income], true)).toEqual([
      'income is in another place, and the columns of CSV go by their places',
    ]);
  });

  test('read the answers: there a value more breaks them, and a value less does not', () => {
    const churn = (...domains: readonly string[]) => ({
      name: 'churn',
      inferred_type: 'String',
      string_constraints: { domains },
    });
    expect(differences([churn('yes')], [churn('yes', 'no')], false, 'churn')).toEqual([]);
    expect(differences([churn('yes', 'no', 'perhaps')], [churn('yes', 'no')], false, 'churn')).toEqual([
      'churn answers with 1 value that was none of its answers before',
    ]);
    expect(
      differences(
        [{ ...age, name: 'churn', inferred_type: 'Fractional' }],
        [{ ...age, name: 'churn' }],
        false,
        'churn',
      ),
    ).toEqual(['churn is of type Fractional, was Integral']);
    expect(differences([age], [age, churn('yes')], false, 'churn')).toEqual(['churn is gone from the answers']);
    expect(differences([age, churn('yes')], [age], false, 'churn')).toEqual([]);
  });

  test('fail the check, which says where they cannot be compared', () => {
    const serving = constraintsOf(document([age, income]));
    expect(checkOf(good, { serving })).toMatchObject({
      verdict: 'fail',
      because: 'column plan is a column that callers of the version that serves do not send',
    });
    expect(checkOf(good, { serving: constraintsOf(document([age, income, plan])) }).because).toBe(
      '3 columns in 2 golden rows keep the constraints, and callers of the version that serves do not break',
    );
    expect(checkOf(good, { notServing: 'package churn/3 names no such report' })).toMatchObject({
      verdict: 'pass',
      because:
        '3 columns in 2 golden rows keep the constraints; its callers are not compared: package churn/3 names no such report',
    });
  });
});

describe('a file that is no constraints.json of the data quality is refused by its place', () => {
  test.each<[unknown, RegExp]>([
    [[], /not a JSON object/],
    [{}, /features is no list of columns$/],
    [{ features: [] }, /has no column$/],
    [{ features: [{ name: 5 }] }, /features\.0\.name is no text$/],
    [{ features: [{ name: 'a', inferred_type: 'Integer' }] }, /features\.0\.inferred_type is none of Integral/],
    [{ features: [{ name: 'a', completeness: '1' }] }, /features\.0\.completeness is no number$/],
    [{ features: [{ name: 'a', completeness: 100 }] }, /features\.0\.completeness is no share from 0 to 1$/],
    [{ features: [{ name: 'a' }, { name: 'a' }] }, /features\.1\.name is there twice$/],
    [
      { features: [{ name: 'a' }], monitoring_config: { datatype_check_threshold: 'x' } },
      /monitoring_config\.datatype_check_threshold is no number$/,
    ],
    [{ binary_classification_constraints: {} }, /is a file of model quality \(binary_classification_constraints\)/],
    [{ post_training_bias_metrics: {} }, /is a file of bias/],
  ])('%j', (value, message) => {
    expect(() => constraintsOf(value)).toThrow(InputError);
    expect(() => constraintsOf(value)).toThrow(new RegExp(`^constraints\\.json: ${message.source}`));
  });
});

test('the page about the regression test shows a broken contract as the terminal does', () => {
  const columns = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'] as const;
  const rows = irisData().rows.map(([a, b, c, d, species]) => ({
    species,
    sepal_length: a,
    sepal_width: b,
    petal_length: c,
    petal_width: d,
    petal_breadth: d,
  }));
  const of = (names: readonly string[]) => constraintsOf(dataConstraints(rows, ['species', ...names]));
  const answers = rows.map(({ species }, at) => ({ id: `iris-${at + 1}`, value: species }));
  const values = rows.map((row) => columns.map((name) => row[name]));
  const check = checked(values, {
    constraints: of(['sepal_length', 'sepal_width', 'petal_length', 'petal_breadth']),
    serving: of(columns),
    columns,
    written: 'csv',
    output: { column: 'species', candidate: answers, baseline: answers },
  });
  const lines = checkLines({ checks: [check] }).join('\n');
  expect(lines).toContain('petal_breadth');
  expect(readFileSync('docs/regression.md', 'utf8')).toContain(`\`\`\`console\n${lines}\n\`\`\``);
});

describe('a contract of which nothing was checked is never kept', () => {
  test('with every column switched off', () => {
    const off = { monitoringConfigOverrides: { evaluate_constraints: 'Disabled' } };
    expect(checkOf(good, { features: [age, income, plan].map((one) => ({ ...one, ...off })) })).toMatchObject({
      verdict: 'inconclusive',
      because: expect.stringContaining('Disabled for every column'),
    });
  });

  test('without an answer of the candidate, unless something else is broken', () => {
    const features = [age, income, plan, { name: 'species', inferred_type: 'String', completeness: 1 }];
    const output = { column: 'species', candidate: [], baseline: [{ id: 'row-1', value: 'setosa' }] };
    expect(checkOf(good, { features, output })).toMatchObject({
      verdict: 'inconclusive',
      because: 'the candidate has no answer without an error, so that column species is not checked',
    });
    expect(checkOf([['x', 1, 'basic']], { features, output }).verdict).toBe('fail');
  });
});

test('a file is read behind the mark of an encoding', () => {
  const text = `\ufeff${JSON.stringify(document([age]))}`;
  expect(parseConstraints(text, 'constraints.json').columns).toHaveLength(1);
});

test('a whole number of JSON is Integral, however large it is', () => {
  expect(checkOf([[1e21, 1, 'basic']]).verdict).toBe('pass');
});
