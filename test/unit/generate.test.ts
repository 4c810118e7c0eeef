import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { defaultSettings } from '../../simulator/settings.ts';
import { tasks } from '../../src/manifest/regression.ts';
import { metricsOf } from '../../src/manifest/regression-metrics.ts';
import { reasonCodes } from '../../src/reason-codes.ts';
import { choice, text } from '../../src/schema.ts';
import { actionYml, between, inputTable, outputTable, reasonCodesPage } from '../../tools/generate.ts';
import { exampleOutput, metricTables } from '../../tools/regression-page.ts';
import { settingsTable } from '../../tools/simulator-page.ts';

const operation = {
  name: 'rollback',
  description: 'Goes back: "at once", #1',
  inputs: {
    endpointName: text({ description: 'A | pipe, a "quote": and `code`.', example: 'churn' }),
    mode: choice({ description: 'How.', choices: ['a', 'b'], default: 'a' }),
  },
  outputs: { lastGood: { description: 'What served | well.', example: '1.3.0' } },
} as const;

describe('generated files', () => {
  it('hold an action that YAML reads back as declared', () => {
    const action = parse(actionYml(operation));
    expect(action).toMatchObject({
      name: 'model-delivery: rollback',
      description: operation.description,
      inputs: {
        'endpoint-name': { description: 'A | pipe, a "quote": and `code`.', required: true },
        mode: { description: 'How. One of: a, b.', required: false, default: 'a' },
        'dry-run': { default: 'false' },
        'on-pending': { default: 'fail' },
      },
      outputs: { 'last-good': { description: 'What served | well.' }, outcome: {} },
      runs: { using: 'node24', main: 'dist/index.cjs', post: 'dist/index.cjs' },
    });
    expect('default' in action.inputs['endpoint-name']).toBe(false);
  });

  it('hold tables whose cells stay cells', () => {
    const [row] = inputTable(operation).split('\n').slice(2);
    expect(row).toBe(
      '| `endpoint-name` | **required** text |  | A \\| pipe, a "quote": and `code`. Example: `churn` |',
    );
    expect(outputTable(operation)).toContain('| `last-good` | What served \\| well. | `1.3.0` |');
  });

  it('replace what lies between markers, and nothing else', () => {
    const page = 'a\n<!-- inputs -->\nold\n<!-- /inputs -->\nb $1\n';
    expect(between(page, 'inputs', 'new $& $1')).toBe('a\n<!-- inputs -->\nnew $& $1\n<!-- /inputs -->\nb $1\n');
    expect(() => between(page, 'outputs', 'x')).toThrow('<!-- outputs -->');
  });

  it('name every setting of the simulator once, with what it is', () => {
    const rows = settingsTable('.').split('\n').slice(2);
    expect(rows.map((row) => /^\| `(\w+)`/.exec(row)?.[1])).toEqual(Object.keys(defaultSettings));
    for (const row of rows) expect(row).toMatch(/^\| `\w+` \| [^|]+ \| [^|]* \| [A-Z][^|]{15,} \|$/);
    expect(rows.join()).not.toMatch(/§|unconfirmed|rule \d/);
    expect(rows.find((row) => row.includes('metricDelayMs'))).toContain('| 1m | 3m | From a request to its metric');
  });

  it('name every metric of the regression gate below its task', () => {
    const page = metricTables();
    const [everyTask = ''] = page.split('**every task**').slice(1);
    for (const [index, task] of tasks.entries()) {
      const section = page.slice(page.indexOf(`**${task}**`), page.indexOf(`**${tasks[index + 1] ?? 'every task'}**`));
      for (const name of Object.keys(metricsOf[task])) expect(`${section}${everyTask}`).toContain(`| \`${name}\` | `);
      expect(section).not.toContain('latency-p50');
    }
  });

  it('hold the real output of the example: a stump is no tree', async () => {
    const output = await exampleOutput('.', 'stump.jsonl', 'tree.jsonl');
    expect(output.split('\n')[2]).toMatch(/^fail: accuracy is 66\.7 % beside 96 %/);
  });

  it('name every reason code', () => {
    for (const code of Object.keys(reasonCodes)) expect(reasonCodesPage()).toContain(`| \`${code}\``);
  });
});
