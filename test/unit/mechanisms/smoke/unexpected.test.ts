import { describe, expect, test } from '@jest/globals';
import type { Expectation } from '../../../../src/manifest/smoke.ts';
import { unexpectedIn } from '../../../../src/mechanisms/smoke/unexpected.ts';

const csv = (body: string, is: Expectation['is'], at = 0): string | undefined =>
  unexpectedIn(body, 'text/csv', { at, is });
const json = (body: unknown, is: Expectation['is'], at = '$.a'): string | undefined =>
  unexpectedIn(typeof body === 'string' ? body : JSON.stringify(body), 'application/json', { at, is });

test('without an expectation any answer will do', () => {
  expect(unexpectedIn('<html>', 'text/html', undefined)).toBeUndefined();
});

describe('as expected', () => {
  test.each<[string, string | undefined]>([
    ['a text in CSV', csv('setosa\n', { value: 'setosa' })],
    ['in another column', csv('1,"set,osa"\n', { value: 'set,osa' }, 1)],
    ['a number in CSV, however it is written', csv('1.50', { value: 1.5 })],
    ['a boolean in CSV', csv('true', { value: true })],
    ['a number that the manifest has in quotes', csv('007', { value: '007' })],
    ['a number within', csv('0.5', { between: [0, 1] })],
    ['at the least', csv('0', { between: [0, 1] })],
    ['at the greatest', csv('1', { between: [0, 1] })],
    ['a number by type', csv('-1e3', { type: 'number' })],
    ['a text by type', csv('setosa', { type: 'text' })],
    ['a text in JSON', json({ a: 'setosa' }, { value: 'setosa' })],
    ['zero', json({ a: 0 }, { value: 0 })],
    ['false', json({ a: false }, { value: false })],
    ['a list', json({ a: [] }, { type: 'list' })],
    ['a mapping', json({ a: {} }, { type: 'mapping' })],
    ['a boolean by type', json({ a: true }, { type: 'boolean' })],
    ['deep in it', json({ p: [{ s: 0.25 }] }, { between: [0, 1] }, '$.p[0].s')],
  ])('%s', (_what, found) => expect(found).toBeUndefined());
});

describe('otherwise, in words that never quote the answer', () => {
  test.each<[string | undefined, string]>([
    [csv('secret', { value: 'setosa' }), 'got another text in column 0, and not "setosa"'],
    [csv('1.5', { value: 'setosa' }), 'got the number 1.5 in column 0, and not "setosa"'],
    [csv('1.5', { value: 2 }), 'got the number 1.5 in column 0, and not 2'],
    [csv('1.01', { between: [0, 1] }), 'got the number 1.01 in column 0, and not a number between 0 and 1'],
    [csv('-0.01', { between: [0, 1] }), 'got the number -0.01 in column 0, and not a number between 0 and 1'],
    [csv('secret', { type: 'number' }), 'got another text in column 0, and not a number'],
    [csv('', { type: 'number' }), 'got another text in column 0, and not a number'],
    [csv('Infinity', { between: [0, 1] }), 'got another text in column 0, and not a number between 0 and 1'],
    [csv('a,b', { value: 'a' }, 2), 'got an answer in CSV without one value in column 2, and not "a"'],
    [json({ a: '1' }, { value: 1 }), 'got another text at $.a, and not 1'],
    [json({ a: '1' }, { type: 'number' }), 'got another text at $.a, and not a number'],
    [json({ a: 1 }, { type: 'text' }), 'got the number 1 at $.a, and not text'],
    [json({ a: null }, { type: 'mapping' }), 'got null at $.a, and not a mapping'],
    [json({ a: ['secret'] }, { type: 'mapping' }), 'got a list at $.a, and not a mapping'],
    [json({ b: 'secret' }, { type: 'text' }), 'got an answer in JSON without one value at $.a, and not text'],
    [
      json({ a: ['secret', 'x'] }, { type: 'text' }, '$.a[*]'),
      'got an answer in JSON without one value at $.a[*], and not text',
    ],
    [json('{"secret', { type: 'text' }), 'got an answer that cannot be read (it is not JSON), and not text'],
    [csv('{"a": "secret"}', { value: 'a' }), 'got an answer in JSON without one value in column 0, and not "a"'],
  ])('%s', (found, words) => {
    expect(found).toBe(words);
    expect(found).not.toContain('secret');
  });
});
