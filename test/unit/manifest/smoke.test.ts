import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { loadManifest } from '../../../src/manifest/load.ts';
import { requestsOf } from '../../../src/manifest/smoke.ts';

const good = readFileSync('examples/canary.yml', 'utf8');
const load = (smoke: string) => loadManifest(`${good}\nsmoke: ${smoke}\n`, 'd.yml').smoke;
const refusal = (smoke: string): string => {
  try {
    load(smoke);
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^d\.yml:\d+:\d+: /gm, '') : '';
  }
  return 'accepted';
};

describe('`smoke`', () => {
  test('has its defaults filled in', () => {
    const smoke = load(
      '{ content-type: text/csv, requests: [{ body: "1,2" }, { body: "3", expect: { value: a } }, { body: "3", expect: { column: 2, between: [0, 1] } }] }',
    );
    expect(smoke).toEqual({
      contentType: 'text/csv',
      times: 1,
      requests: [
        { body: '1,2' },
        { body: '3', expect: { at: 0, is: { value: 'a' } } },
        { body: '3', expect: { at: 2, is: { between: [0, 1] } } },
      ],
    });
    expect(smoke && requestsOf({ ...smoke, times: 20 })).toBe(60);
  });

  test('has any value as the body of a JSON request, and text as it stands', () => {
    expect(
      load(
        '{ content-type: application/json, requests: [{ body: { instances: [[1, 2.5]] } }, { body: 7 }, { body: "[1]", expect: { path: $.a, type: list } }] }',
      )?.requests,
    ).toEqual([
      { body: '{"instances":[[1,2.5]]}' },
      { body: '7' },
      { body: '[1]', expect: { at: '$.a', is: { type: 'list' } } },
    ]);
  });

  const one = (request: string, type = 'text/csv'): string =>
    refusal(`{ content-type: ${type}, requests: [{ body: "1", ${request} }] }`);
  test.each<[string, RegExp]>([
    [refusal('{ content-type: text/csv, requests: [] }'), /a list of requests; expected 1 to 100 of them/],
    [refusal('{ content-type: text/csv, requests: [{ expect: { value: a } }] }'), /body/],
    [refusal('{ content-type: text/csv, requests: [{ body: 1.5 }] }'), /body: must be text \(put numbers in quotes\)/],
    [refusal('{ content-type: application/json, requests: [{ body: null }] }'), /body: is missing/],
    [
      refusal(`{ content-type: text/csv, times: 1000, requests: [${'{ body: a }, '.repeat(3)}] }`),
      /times: sends 3000 requests; at most 2000/,
    ],
    [one('expect: {}'), /expect: needs one of value, between and type/],
    [one('expect: { value: a, type: text }'), /expect: needs one of value, between and type/],
    [one('expect: { path: $.a, column: 1, value: a }'), /expect: has path and column/],
    [one('expect: { value: a }', 'application/json'), /expect: needs path, because the answer is JSON/],
    [one('expect: { path: a.b, value: a }'), /path: "a\.b" is not a JSONPath/],
    [one('expect: { between: [1, 0] }'), /between: must be the least number, then the greatest/],
    [one('expect: { between: [1] }'), /a range; expected 2 of them/],
    [one('expect: { type: list }'), /type: has no place in a CSV answer/],
    [one('expect: { type: txt }'), /a type; expected number, text, boolean, list or mapping/],
    [one('expct: { value: a }'), /expct/],
  ])('%s', (found, words) => expect(found).toMatch(words));
});
