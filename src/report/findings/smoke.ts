import type { SmokeTest } from '../../findings/smoke.ts';
import { counted } from '../../judge/amounts.ts';
import { htmlTable } from '../html-table.ts';
import { prose } from '../markdown.ts';
import { escapeXml } from '../xml.ts';
import type { FindingsRenderer, TestCase } from './renderer.ts';

const title = 'Smoke test';
const heads = ['request', 'answers not as expected'] as const;

export const smokeRenderer = {
  member: 'smoked',
  summary: (found: SmokeTest): string =>
    [
      `### ${title}`,
      '',
      prose(sentence(found)),
      ...(wrong(found).length === 0
        ? []
        : [
            '',
            `| ${heads.join(' | ')} |`,
            '| ---: | ---: |',
            ...wrong(found).map((cells) => `| ${cells.join(' | ')} |`),
          ]),
    ].join('\n'),
  html: (found: SmokeTest): string =>
    [
      `<h3>${title}</h3>`,
      `<p>${escapeXml(sentence(found))}</p>`,
      ...(wrong(found).length === 0 ? [] : [htmlTable(heads, wrong(found))]),
    ].join('\n'),
  junit: (found: SmokeTest): readonly TestCase[] => {
    const requests = found.wrong.map((times, at) => requestCase(found, times, at));
    return requests.length > 0 ? requests : [caseOf(found, 'each request', found.unexpected, found.of)];
  },
} as const satisfies FindingsRenderer<SmokeTest>;

/** The requests of the manifest are sent in turn, so that each of them has equally many answers, give or take one. */
const timesOf = ({ of, wrong: { length } }: SmokeTest): number => Math.round(of / length);

const wrong = (found: SmokeTest): readonly (readonly string[])[] =>
  found.wrong.flatMap((times, at) => (times === 0 ? [] : [[String(at + 1), `${times} of ${timesOf(found)}`]]));

const sentence = ({ of, answered, unexpected, first }: SmokeTest): string =>
  [
    answered < of
      ? `${answered} of ${counted(of, 'request')} had an answer`
      : `${of - unexpected} of ${counted(of, 'answer')} as expected`,
    ...(unexpected === 0 ? [] : [`${unexpected} not as expected; the first: ${first ?? 'not known'}`]),
  ].join(', ');

const requestCase = (found: SmokeTest, times: number, at: number): TestCase =>
  caseOf(found, `request ${at + 1}`, times, timesOf(found));

const caseOf = (found: SmokeTest, name: string, unexpected: number, of: number): TestCase => ({
  classname: 'model-delivery.smoke',
  name: `${name} is answered as expected`,
  ended:
    unexpected > 0
      ? {
          is: 'failed',
          type: 'smoke-failed',
          message: `${unexpected} of ${counted(of, 'answer')} not as expected`,
          details: sentence(found),
        }
      : found.answered < found.of
        ? { is: 'skipped', message: sentence(found) }
        : { is: 'passed' },
  output: sentence(found),
});
