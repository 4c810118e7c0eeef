import { describe, expect, test } from '@jest/globals';
import type { RequestForm } from '../../../src/manifest/asking.ts';
import { bodyOf, RequestProblem } from '../../../src/scoring/request.ts';

const row = {
  id: '1',
  label: 'a',
  x: 1.5,
  y: '2',
  note: 'say "hi", twice',
  none: null,
  list: [1, 2],
  deep: { z: 7 },
  $p: 9,
};
const csv = (input: RequestForm['input']): RequestForm => ({ contentType: 'text/csv', input });
const json = (input: RequestForm['input'], body?: unknown): RequestForm => ({
  contentType: 'application/json',
  input,
  ...(body === undefined ? {} : { body }),
});

describe('the body of a request', () => {
  test.each<[string, RequestForm, string]>([
    ['columns as a CSV line, in the order of the manifest', csv(['y', 'x']), '2,1.5\n'],
    ['a cell with quotes and commas (RFC 4180)', csv(['note', 'x']), '"say ""hi"", twice",1.5\n'],
    ['an absent value as an empty cell', csv(['x', 'none', 'y']), '1.5,,2\n'],
    ['one column whose text is the body', csv('note'), 'say "hi", twice'],
    ['one column whose value is the body', json('deep'), '{"z":7}'],
    ['a JSONPath whose value is the body', json('$.deep.z'), '7'],
    ['a column before a JSONPath of the same text', json('$p'), '9'],
    [
      'the row in its place, wherever that is',
      json(['x', 'y'], { a: [{ b: '$row' }], c: 1 }),
      '{"a":[{"b":[1.5,"2"]}],"c":1}',
    ],
    [
      'a line of JSON Lines',
      { contentType: 'application/jsonlines', input: ['x'], body: { f: '$row' } },
      '{"f":[1.5]}\n',
    ],
  ])('%s', (_name, form, body) => {
    expect(bodyOf(row, form).toString()).toBe(body);
  });

  test.each<[RequestForm, RegExp]>([
    [csv(['x', 'q']), /^has no column "q"/],
    [json('$.deep.q'), /^has no one value at \$\.deep\.q/],
    [json('$.list[*]'), /^has no one value at/],
    [csv(['list']), /^has a list or a mapping where request\.input needs a CSV cell/],
  ])('%j is refused', (form, because) => {
    expect(() => bodyOf(row, form)).toThrow(RequestProblem);
    expect(() => bodyOf(row, form)).toThrow(because);
  });
});
