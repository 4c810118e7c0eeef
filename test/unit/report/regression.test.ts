import { describe, expect, it } from '@jest/globals';
import { DOMParser } from '@xmldom/xmldom';
import type { Cell } from '../../../src/findings/comparison.ts';
import { type Check, checkNames } from '../../../src/findings/regression.ts';
import { modelQualityOf } from '../../../src/regression/model-quality.ts';
import { regressionRenderer } from '../../../src/report/findings/regression.ts';
import { evaluationJson } from '../../../src/report/regression/evaluation.ts';
import { regressionPage } from '../../../src/report/regression/html.ts';
import { regressionJunit } from '../../../src/report/regression/junit.ts';
import { regressionMarkdown } from '../../../src/report/regression/summary.ts';
import { regressionText } from '../../../src/report/regression/text.ts';
import { expectGolden } from '../../support/golden.ts';
import { pairedRows } from '../../support/paired-rows.ts';
import { aloneFindings, cellOf, findingsOf } from '../../support/regression-findings.ts';

const checks: readonly Check[] = [
  {
    name: 'load',
    level: 'warn',
    verdict: 'fail',
    because: 'p95 was 310 ms at 80 requests a second',
    notes: ['one <i>ml.m5.large</i> holds 60 requests a second'],
    cases: [],
  },
  {
    name: 'contract',
    level: 'fail',
    verdict: 'fail',
    because: '1 of 2 columns breaks the constraints',
    table: {
      heads: ['column', 'rows in breach'],
      rows: [
        ['<b>age</b>|', '12 of 1500'],
        ['income', '0'],
      ],
    },
    cases: [
      { name: 'column income', verdict: 'pass' },
      { name: 'column <b>age</b>', verdict: 'fail', because: '12 rows are not Integral' },
    ],
  },
];
const warn = { ...cellOf().rule, level: 'warn' } as const;
const labels = [0, 0, 1, 1, 0, 1, 1, 0, 1, 0];
const scores = [0.1, 0.4, 0.35, 0.8, 0.4, 0.7, 0.4, 0.2, 0.9, 0.55];
const binary = pairedRows(
  { task: 'binary-classification', labels },
  { predictions: scores.map((score) => (score >= 0.5 ? 1 : 0)), scores },
);
const { baseline: _, ...binaryAlone } = binary;

describe('the reports of a regression test', () => {
  it('are the ones in test/golden', () => {
    const found = findingsOf();
    expectGolden('regression/report.md', regressionMarkdown(found));
    expectGolden('regression/report.txt', regressionText(found));
    expectGolden('regression/junit.xml', regressionJunit(found));
    expectGolden('regression/report.html', regressionPage(found));
    expectGolden('regression/evaluation.json', evaluationJson(found, modelQualityOf(binary), 0));
  });

  it('of a candidate alone are the ones in test/golden, without a baseline and a difference', () => {
    const found = aloneFindings();
    const reports = {
      'report.md': regressionMarkdown(found),
      'report.txt': regressionText(found),
      'junit.xml': regressionJunit(found),
      'report.html': regressionPage(found),
      'evaluation.json': evaluationJson(found, modelQualityOf(binaryAlone), 0),
    };
    for (const [name, text] of Object.entries(reports)) {
      expectGolden(`regression/alone/${name}`, text);
      const ofRules = name === 'evaluation.json' ? text.replace(/"of": "baseline"|"difference"/g, '') : text;
      // A rule that is relative to a baseline is written as it stands in the policy; the style of a page has the colour of one.
      expect(ofRules.replace(/% of the baseline|There is no baseline|<style>.*?<\/style>/gs, '')).not.toMatch(
        /baseline|difference|old\.jsonl|undefined/i,
      );
      expect(text).toMatch(/There is no baseline|notApplicable|distance to the limit/);
    }
  });

  it('show the checks beside the rows, foreign text as text, and a warning as one', () => {
    const found = findingsOf({ checks });
    expectGolden('regression/checks.md', regressionMarkdown(found));
    expectGolden('regression/checks.txt', regressionText(found));
    const xml = new DOMParser().parseFromString(regressionJunit(found), 'text/xml');
    const cases = [...xml.getElementsByTagName('testcase')].filter((one) =>
      /\.(load|contract)$/.test(one.getAttribute('classname') ?? ''),
    );
    expect(cases.map((one) => [one.getAttribute('name'), one.firstChild?.nodeName])).toEqual([
      ['load', 'skipped'],
      ['contract', 'failure'],
      ['column <b>age</b>', 'failure'],
      ['column income', undefined],
    ]);
    const page = regressionPage(found);
    expect(page).toContain('<h3>Checks beside the rows</h3>');
    expect(page).not.toContain('<b>age');
    expect(page).toContain('<p>one &#60;i&#62;ml.m5.large&#60;/i&#62; holds 60 requests a second</p>');
    expect(JSON.parse(evaluationJson(found, modelQualityOf(binary), 0)).model_delivery.checks).toEqual(checks);
  });

  it('have at most 500 cases with the parts of checks; those that pass are left out first', () => {
    const parts = Array.from({ length: 900 }, (_, at) => ({
      name: `part ${at}`,
      verdict: at === 899 ? ('fail' as const) : ('pass' as const),
    }));
    const xml = regressionJunit(
      findingsOf({
        cells: Array.from({ length: 600 }, () => cellOf()),
        checks: [{ name: 'command', level: 'fail', verdict: 'fail', because: '1 of 900 failed', cases: parts }],
      }),
    );
    expect(xml.match(/<testcase /g)?.length).toBeLessThanOrEqual(500);
    expect(xml).toContain('name="part 899"');
  });

  it('of a candidate alone without any limit have no table', () => {
    const found = aloneFindings({ cells: [], verdict: 'inconclusive', because: 'this gate cannot fail: add a floor' });
    expect(regressionMarkdown(found)).not.toContain('| metric |');
    expect(regressionText(found)).not.toContain('decision');
    expect(regressionPage(found)).not.toMatch(/<th>metric|each cell/);
    expect(regressionJunit(found)).toContain('<skipped');
  });

  it('have a section in the reports of an operation, under a name that never changes', () => {
    expect(regressionRenderer.member).toBe('regression');
    expect(regressionRenderer.html(findingsOf(), { because: '' })).toContain(
      '<h3>Regression test</h3>\n<div class="verdict fail">',
    );
    expect(regressionRenderer.summary(findingsOf())).toBe(regressionMarkdown(findingsOf()));
    // The operation is the case of the verdict there.
    expect(regressionRenderer.junit(findingsOf()).map(({ name }) => name)).not.toContain(
      'the candidate passes the regression test',
    );
  });
});

describe('foreign text', () => {
  const nasty = '<script>alert(1)</script>@everyone|`x` ::error::\u001b[2J\u202e\n## ]]>';
  const hidden = /[^\P{Cc}\n]|\p{Cf}/u;
  const found = findingsOf({
    candidate: nasty,
    baseline: nasty,
    because: nasty,
    cells: [
      cellOf({ metric: `recall[${nasty}]`, slice: nasty, decision: 'inconclusive', because: nasty }),
      cellOf({ metric: 'f1', slice: '\u001b[2J\n## short' }),
    ],
    selfTest: {
      canFail: false,
      because: nasty,
      catches: [{ metric: nasty, slice: nasty, rule: warn, drop: 1, power: 1, smallestDrop: null }],
      mirrored: false,
      planted: [
        { metric: nasty, slice: nasty, rule: warn, is: 'hopeless', difference: null, decision: 'pass', power: null },
      ],
    },
    dataset: { digest: nasty, rows: 1 },
    confusion: {
      classes: [nasty, 'b'],
      candidate: [
        [1, 0, 0],
        [0, 1, 0],
      ],
      baseline: [
        [0, 1, 0],
        [0, 1, 0],
      ],
    },
    harmful: [{ id: nasty, row: { label: nasty, baseline: nasty, candidate: nasty } }],
  });

  it('is no markup of a page, and no element of a JUnit report', () => {
    const page = regressionPage(found);
    expect(page).not.toMatch(/<script/);
    expect(page).not.toMatch(hidden);
    expect(page.match(/&#60;script&#62;/g)?.length).toBeGreaterThan(10);
    const xml = regressionJunit(found);
    const { documentElement } = new DOMParser({
      onError: (_level, message) => {
        throw new Error(message);
      },
    }).parseFromString(xml, 'text/xml');
    expect(documentElement?.getElementsByTagName('testcase').length).toBe(4);
    expect(documentElement?.getElementsByTagName('script').length).toBe(0);
    expect(xml).not.toMatch(hidden);
  });

  it('is no command for Markdown or a terminal, and stays in its line', () => {
    const markdown = regressionMarkdown(found);
    const outsideCode = markdown.replace(/(`+)[^\n]*?[^`]\1(?!`)/g, '');
    expect(outsideCode).not.toMatch(/<script|@everyone|^## /m);
    expect(markdown).not.toMatch(hidden);
    expect(markdown.split('\n').filter((line) => line.includes('non-inferior'))).toHaveLength(2);
    const text = regressionText(found);
    expect(text).not.toMatch(/^## |^::/m);
    expect(text).not.toMatch(hidden);
    expect(text.split('\n')).toHaveLength(9);
  });
});

describe('row values', () => {
  it('stand in Markdown and the page, never in the log of a terminal, in JUnit or in evaluation.json', () => {
    const found = findingsOf({
      harmful: [{ id: 'row-7', row: { label: 'LABEL', baseline: 'BEFORE', candidate: 'AFTER' } }],
    });
    for (const report of [regressionMarkdown(found), regressionPage(found)])
      expect(report).toMatch(/LABEL.*BEFORE.*AFTER/);
    for (const report of [regressionText(found), regressionJunit(found), evaluationJson(found, modelQualityOf(binary))])
      expect(report).not.toMatch(/LABEL|BEFORE|AFTER/);
    expect(regressionText(found)).toContain('row-7');
  });

  it('are gone where the report is redacted; the ids stay', () => {
    const found = findingsOf({ harmful: [{ id: 'row-7' }, { id: 'row-8' }] });
    expect(regressionMarkdown(found)).toContain('Most harmful changes, by id: `row-7`, `row-8`.');
    expect(regressionPage(found)).toContain('<p>By id: <code>row-7</code>, <code>row-8</code>.</p>');
  });
});

describe('JUnit', () => {
  const casesOf = (cells: readonly Cell[]) => regressionRenderer.junit(findingsOf({ cells }));

  it('says failure for a failure: a reader of counts sees it', () => {
    const xml = regressionJunit(findingsOf({ cells: [cellOf({ decision: 'fail' })] }));
    expect(xml).toContain('tests="3" failures="2" skipped="0"');
    expect(xml).toContain('<failure type="non-inferior" message="difference −0.5 points (−1.48 to +0.49)">');
  });

  it('skips what is inconclusive, with the reason, and a warning', () => {
    expect(
      casesOf([
        cellOf({ decision: 'inconclusive', because: '12 rows, at least 30' }),
        cellOf({ decision: 'fail', rule: warn }),
        cellOf({ decision: 'pass', rule: warn }),
      ])
        .slice(1)
        .map(({ ended }) => ended),
    ).toEqual([
      { is: 'skipped', message: 'inconclusive: 12 rows, at least 30; needs about 1270 rows' },
      { is: 'skipped', message: 'warning: fail: difference −0.5 points (−1.48 to +0.49)' },
      { is: 'passed' },
    ]);
  });

  it('shows an inconclusive verdict as skipped, and a gate that cannot fail as a failure', () => {
    const xml = regressionJunit(
      findingsOf({
        verdict: 'inconclusive',
        because: 'this gate cannot fail',
        cells: [],
        selfTest: { canFail: false, because: 'all rules only warn', catches: [], planted: [], mirrored: true },
      }),
    );
    expect(xml).toContain('<skipped message="inconclusive: this gate cannot fail"/>');
    expect(xml).toContain(
      '<failure type="gate-cannot-fail" message="This gate cannot fail: all rules only warn">this gate cannot fail</failure>',
    );
  });

  it('shows too few rows for any decision as skipped: that gate is not broken', () => {
    const selfTest = {
      canFail: null,
      because: 'accuracy: 12 rows, at least 30',
      catches: [],
      planted: [],
      mirrored: true,
    };
    const ends = (cells: readonly Cell[]) => regressionRenderer.junit(findingsOf({ cells, selfTest }))[0]?.ended.is;
    const few = cellOf({ decision: 'inconclusive' });
    expect(ends([few])).toBe('skipped');
    const missed = regressionRenderer.junit(
      findingsOf({ cells: [few], selfTest: { ...findingsOf().selfTest, canFail: false } }),
    );
    expect(missed[0]?.ended.is).toBe('failed');
  });

  it('names the rule of each planted candidate and of each drop: two rules of a metric differ by nothing else', () => {
    const { selfTest } = findingsOf();
    const [planted, caught] = [selfTest.planted[0], selfTest.catches[0]];
    if (planted === undefined || caught === undefined) throw new Error('nothing planted');
    const page = regressionPage(
      findingsOf({
        cells: [],
        selfTest: {
          ...selfTest,
          planted: [planted, { ...planted, rule: { ...warn, criterion: { is: 'floor', value: 0.9 } } }],
          catches: [caught],
        },
      }),
    );
    const own = page.slice(page.indexOf('Whether the gate can fail'));
    expect(own.match(/<td>non-inferior, margin 2 points/g)).toHaveLength(2);
    expect(own.match(/<td>floor 90 %/g)).toHaveLength(1);
  });

  it('has 500 cases at most, and leaves out passes first', () => {
    const many = Array.from({ length: 700 }, (_, at) =>
      cellOf({ slice: `s${at}`, ...(at >= 600 && { decision: 'fail' }) }),
    );
    const cases = [{}, ...casesOf(many)];
    expect(cases).toHaveLength(500 - 1 + 1);
    expect(casesOf(many).filter(({ ended }) => ended.is === 'failed')).toHaveLength(100);
    expect(casesOf(many).at(-1)).toMatchObject({
      name: '203 more cells',
      ended: { is: 'passed' },
      output: '203 more cells: 203 pass',
    });
    const red = casesOf(many.map((cell) => ({ ...cell, decision: 'fail' as const })));
    expect(red.at(-1)?.ended.is).toBe('failed');
    const open = casesOf(many.map((cell) => ({ ...cell, decision: 'inconclusive' as const })));
    expect(open.at(-1)?.ended.is).toBe('skipped');
  });

  it("keeps CodeBuild's limits for names and messages", () => {
    const long = 'ü'.repeat(20_000);
    const cell = cellOf({ metric: long, slice: long, decision: 'inconclusive', because: long });
    const found = findingsOf({
      because: long,
      cells: [cell],
      selfTest: { ...findingsOf().selfTest, canFail: false, because: long },
    });
    const { documentElement } = new DOMParser().parseFromString(regressionJunit(found), 'text/xml');
    for (const one of documentElement?.getElementsByTagName('testcase') ?? []) {
      expect(one.getAttribute('name')?.length).toBeLessThanOrEqual(1000);
      for (const end of [...one.getElementsByTagName('failure'), ...one.getElementsByTagName('skipped')])
        expect(end.getAttribute('message')?.length).toBeLessThanOrEqual(5000);
    }
  });
});

describe('Markdown', () => {
  it('fits a comment of GitHub whatever the names are', () => {
    const long = '`@|'.repeat(3000);
    const found = findingsOf({
      candidate: long,
      because: long,
      selfTest: { ...findingsOf().selfTest, because: long },
      baseline: long,
      cells: Array.from({ length: 400 }, () =>
        cellOf({ metric: long, slice: long, decision: 'inconclusive', because: long }),
      ),
      harmful: Array.from({ length: 10 }, () => ({ id: long, row: { label: long, baseline: long, candidate: long } })),
      checks: checkNames.map((name) => ({
        name,
        level: 'fail',
        verdict: 'fail',
        because: long,
        notes: Array.from({ length: 9 }, () => long),
        table: {
          heads: Array.from({ length: 6 }, () => long),
          rows: Array.from({ length: 50 }, () => Array.from({ length: 6 }, () => long)),
        },
        cases: [],
      })),
    });
    expect(regressionMarkdown(found).length).toBeLessThan(65_536);
    expect(regressionMarkdown(found)).toContain('360 more cells: 360 inconclusive.');
  });

  it('folds the cells beyond twelve, passes first', () => {
    const cells = Array.from({ length: 20 }, (_, at) =>
      cellOf({ slice: `s${at}`, ...(at === 19 && { decision: 'fail' }) }),
    );
    const [open = '', folded = ''] = regressionMarkdown(findingsOf({ cells, harmful: [] })).split('<details>');
    expect(open).toContain('| s19 |');
    expect(open.match(/\| s\d+ \|/g)).toHaveLength(12);
    expect(folded).toContain('<summary>8 more cells: 8 pass</summary>\n\n| metric |');
    expect(folded.match(/\| s\d+ \|/g)).toHaveLength(8);
  });

  it('has the sign of the verdict in its heading', () => {
    const heading = (verdict: 'pass' | 'fail' | 'inconclusive') =>
      regressionMarkdown(findingsOf({ verdict })).split('\n')[0];
    expect([heading('pass'), heading('fail'), heading('inconclusive')]).toEqual([
      '### ✅ Regression test: pass',
      '### ❌ Regression test: fail',
      '### ❔ Regression test: inconclusive',
    ]);
  });
});

describe('the page', () => {
  it('needs no script and no network', () => {
    expect(regressionPage(findingsOf())).not.toMatch(/<script|https?:|url\(|@import/);
  });

  it('shows an undefined metric in words, with no mark on an axis', () => {
    const nothing = cellOf({
      metric: 'f1',
      candidate: null,
      baseline: null,
      difference: null,
      interval: null,
      statistic: 'none',
      decision: 'inconclusive',
      because: 'undefined: no row of the class',
    });
    const page = regressionPage(findingsOf({ cells: [nothing], harmful: [] }));
    expect(page).toContain('f1: difference in points: undefined for every slice.');
    expect(page).not.toMatch(/NaN|Infinity|null/);
    expect(page).not.toContain('Most harmful changes');
  });

  it('opens with the cells that do not pass where there are many, and folds all', () => {
    const many = (count: number, members: Partial<Cell>) =>
      regressionPage(
        findingsOf({
          cells: Array.from({ length: count }, (_, at) => cellOf({ slice: `s${at}`, ...(at === 3 && members) })),
        }),
      );
    const openPart = (page: string) => page.slice(page.indexOf('<table class="cells">'), page.indexOf('<details>'));
    expect(openPart(many(13, { decision: 'fail' })).match(/<tr>/g)).toHaveLength(1 + 1);
    expect(openPart(many(13, { decision: 'fail' }))).toContain('s3');
    expect(many(13, { decision: 'fail' })).toContain('<details><summary>All 13 cells</summary>');
    expect(many(13, {}).indexOf('<table class="cells">')).toBeGreaterThan(many(13, {}).indexOf('<details>'));
    expect(openPart(many(12, {})).match(/<tr>/g)).toHaveLength(1 + 12);
  });

  it('of very many that do not pass opens with some, failures first', () => {
    const cells = Array.from({ length: 40 }, (_, at) =>
      cellOf({ slice: `s${at}`, decision: at === 0 ? 'pass' : at === 39 ? 'fail' : 'inconclusive' }),
    );
    const page = regressionPage(findingsOf({ cells }));
    const openPart = page.slice(page.indexOf('<table class="cells">'), page.indexOf('<details>'));
    expect(openPart.match(/<tr>/g)).toHaveLength(1 + 24);
    expect(openPart).toContain('s39<');
    expect(page).toContain('<details><summary>All 40 cells</summary>');
  });

  it('draws one mark for each cell, in the shape of its decision, and a limit for each rule that has one', () => {
    const only = (page: string): string => page.slice(page.indexOf('<figure>'), page.indexOf('</figure>'));
    const marks = (cells: readonly Cell[], sign: RegExp): number =>
      // A drawing for a desk, and one for a phone.
      (only(regressionPage(findingsOf({ cells }))).match(sign)?.length ?? 0) / 2;
    const cells = [
      cellOf(),
      cellOf({ slice: 'a', decision: 'fail' }),
      cellOf({ slice: 'b', decision: 'inconclusive' }),
    ];
    expect(marks(cells, /class="point pass"/g)).toBe(1);
    expect(marks(cells, /<path class="point fail"/g)).toBe(1);
    expect(marks(cells, /class="point inconclusive"/g)).toBe(1);
    expect(marks(cells, /class="limit"/g)).toBe(3);
    const equivalent = {
      ...cellOf().rule,
      criterion: { is: 'equivalent', margin: { value: 0.02, of: 'metric' } },
    } as const;
    expect(marks([cellOf({ rule: equivalent })], /class="limit"/g)).toBe(2);
    const relative = {
      ...cellOf().rule,
      criterion: { is: 'max-drop', margin: { value: 0.02, of: 'baseline' } },
    } as const;
    expect(marks([cellOf({ rule: relative, baseline: null })], /class="limit"/g)).toBe(0);
  });

  it('marks a change of the confusion matrix as better on the diagonal and worse beside it', () => {
    const page = regressionPage(
      findingsOf({
        confusion: {
          classes: ['a', 'b'],
          baseline: [
            [5, 5, 0],
            [1, 9, 0],
          ],
          candidate: [
            [7, 3, 0],
            [4, 6, 0],
          ],
        },
      }),
    );
    expect(
      [...page.matchAll(/<td class="(better|worse|same)[^>]*><strong>(\d+)<\/strong> <span>([^<]+)</g)].map(
        ([, ...found]) => found,
      ),
    ).toEqual([
      ['better', '7', '+2'],
      ['better', '3', '−2'],
      ['worse', '4', '+3'],
      ['worse', '6', '−3'],
    ]);
    expect(page).not.toContain('no class');
  });
});

describe('evaluation.json', () => {
  const read = (text: string) => JSON.parse(text) as Record<string, Record<string, Record<string, unknown>>>;

  it('is read by SageMaker, and claims no deviation', () => {
    const json = read(evaluationJson(findingsOf(), modelQualityOf(binary), 0));
    expect(json).toMatchObject({ version: 0, dataset: { item_count: 1500, evaluation_time: '1970-01-01T00:00:00Z' } });
    expect(json['binary_classification_metrics']).toMatchObject({
      confusion_matrix: { '0': { '0': 4, '1': 1 }, '1': { '0': 2, '1': 3 } },
      accuracy: { value: 0.7, standard_deviation: 'NaN' },
      auc: { value: 0.8, standard_deviation: 'NaN' },
    });
    const deviations = Object.values(json['binary_classification_metrics'] ?? {}).flatMap((metric) =>
      metric['value'] === undefined ? [] : [metric['standard_deviation']],
    );
    expect(new Set(deviations)).toEqual(new Set(['NaN']));
  });

  it('has the comparison under a key of its own, and an undefined metric is "NaN"', () => {
    const unscored = pairedRows({ task: 'binary-classification', labels }, { predictions: labels });
    const json = read(evaluationJson(findingsOf(), modelQualityOf(unscored)));
    expect(json['binary_classification_metrics']?.['auc']?.['value']).toBe('NaN');
    expect(json['dataset']).toEqual({ item_count: 1500 });
    expect(json['model_delivery']).toMatchObject({ schema_version: 1, verdict: 'fail', dataset: findingsOf().dataset });
    expect(json['model_delivery']).not.toHaveProperty('is');
  });

  it('of a ranking has the comparison alone', () => {
    expect(Object.keys(read(evaluationJson(findingsOf(), { values: [] })))).toEqual([
      'version',
      'dataset',
      'model_delivery',
    ]);
  });
});
