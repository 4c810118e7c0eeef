import { describe, expect, test } from '@jest/globals';
import { type Reading, readAnswer } from '../../../src/scoring/response.ts';

const answer = (body: string, contentType: string, reading: Partial<Reading> & Pick<Reading, 'form'>) =>
  readAnswer(
    { body: Buffer.from(body), contentType, latencyMs: 12 },
    { task: 'multiclass-classification', labels: 'text', ...reading },
  );
const json = 'application/json';
const threshold = 0.5;

describe('the prediction in an answer', () => {
  test.each<[string, string, string, Partial<Reading> & Pick<Reading, 'form'>, object]>([
    ['the first cell of CSV', 'setosa\n', 'text/csv', { form: { threshold, prediction: 0 } }, { prediction: 'setosa' }],
    ['a quoted cell', '"a, ""b""",0.5', 'text/csv', { form: { threshold, prediction: 0 } }, { prediction: 'a, "b"' }],
    [
      'a number where the labels are numbers',
      '3,x',
      'text/csv; charset=utf-8',
      { labels: 'numbers', form: { threshold, prediction: 0 } },
      { prediction: 3 },
    ],
    [
      'a boolean where the labels are booleans',
      'True',
      'text/csv',
      { labels: 'booleans', form: { threshold, prediction: 0 } },
      { prediction: true },
    ],
    [
      'text of a CSV golden set, whatever JSON has',
      '{"p":1}',
      json,
      { labels: 'untyped', form: { threshold, prediction: '$.p' } },
      { prediction: '1' },
    ],
    [
      'a value of JSON as it is',
      '{"p":[{"l":"b"}]}',
      json,
      { form: { threshold, prediction: '$.p[0].l' } },
      { prediction: 'b' },
    ],
    [
      'the class with the greatest score',
      '{"s":{"a":0.2,"b":0.7,"c":0.1}}',
      json,
      { form: { threshold, score: '$.s' } },
      { prediction: 'b', score: { a: 0.2, b: 0.7, c: 0.1 } },
    ],
    [
      'the class of a list of scores',
      '{"s":[0.2,0.8]}',
      json,
      { labels: 'numbers', form: { threshold, score: '$.s', classes: [7, 8] } },
      { prediction: 8, score: { 7: 0.2, 8: 0.8 } },
    ],
    [
      'positive from the threshold on',
      '0.7',
      'text/csv',
      { task: 'binary-classification', positive: 'yes', negative: 'no', form: { threshold: 0.7, score: 0 } },
      { prediction: 'yes', score: 0.7 },
    ],
    [
      'negative below it',
      '0.69',
      'text/csv',
      { task: 'binary-classification', positive: 'yes', negative: 'no', form: { threshold: 0.7, score: 0 } },
      { prediction: 'no', score: 0.69 },
    ],
    ['a cell after an empty one', ',b,c', 'text/csv', { form: { threshold, prediction: 1 } }, { prediction: 'b' }],
    [
      'the score of a ranking, which is all that it has',
      '{"s":-3.5}',
      json,
      { task: 'ranking', form: { threshold, score: '$.s' } },
      { prediction: -3.5, score: -3.5 },
    ],
    [
      'a rounded sum of scores',
      '{"p":"a","s":{"a":0.33,"b":0.66}}',
      json,
      { form: { threshold, prediction: '$.p', score: '$.s' } },
      { prediction: 'a', score: { a: 0.33, b: 0.66 } },
    ],
    [
      'a label of another kind, which is the mistake of the golden set',
      '{"p":1}',
      json,
      { task: 'binary-classification', positive: '1', negative: '0', form: { threshold, prediction: '$.p' } },
      { prediction: 1 },
    ],
  ])('%s', (_name, body, contentType, reading, expected) => {
    expect(answer(body, contentType, reading)).toEqual({
      ...expected,
      'latency-ms': 12,
      bytes: Buffer.byteLength(body),
    });
  });

  test.each<[string, string, string, Partial<Reading> & Pick<Reading, 'form'>]>([
    ['JSON that is cut off', '{"p":', json, { form: { threshold, prediction: '$.p' } }],
    ['a path that leads nowhere', '{"p":1}', json, { form: { threshold, prediction: '$.q' } }],
    ['a path that leads to two values', '{"p":[1,2]}', json, { form: { threshold, prediction: '$.p[*]' } }],
    ['a column that is not there', 'a,b', 'text/csv', { form: { threshold, prediction: 2 } }],
    ['a score that is no number', 'high', 'text/csv', { task: 'binary-classification', form: { threshold, score: 0 } }],
    ['a list of scores without classes', '{"s":[1,0]}', json, { form: { threshold, score: '$.s' } }],
    ['more scores than classes', '{"s":[1,0,0]}', json, { form: { threshold, score: '$.s', classes: ['a', 'b'] } }],
    ['an empty body', '', json, { form: { threshold, prediction: '$.p' } }],
    ['null', '{"p":null}', json, { form: { threshold, prediction: '$.p' } }],
    ['a mapping for a class', '{"p":{"name":"Ada"}}', json, { form: { threshold, prediction: '$.p' } }],
    ['a text for a number', 'Ada', 'text/csv', { task: 'regression', form: { threshold, prediction: 0 } }],
    ['no number', 'NaN', 'text/csv', { task: 'regression', form: { threshold, prediction: 0 } }],
    ['a number for a text', '{"p":7}', json, { task: 'text', form: { threshold, prediction: '$.p' } }],
    [
      'a third class of two',
      'perhaps',
      'text/csv',
      { task: 'binary-classification', positive: 'yes', negative: 'no', form: { threshold, prediction: 0 } },
    ],
    [
      'a score that is no probability',
      '3.2',
      'text/csv',
      { task: 'binary-classification', positive: 'yes', negative: 'no', form: { threshold, score: 0 } },
    ],
    ['a score of a class that is no number', '{"s":{"a":"NaN","b":1}}', json, { form: { threshold, score: '$.s' } }],
    ['scores that add up to two', '{"s":{"a":1,"b":1}}', json, { form: { threshold, score: '$.s' } }],
    [
      'a mapping for the score of a ranking',
      '{"p":1,"s":{}}',
      json,
      { task: 'ranking', form: { threshold, prediction: '$.p', score: '$.s' } },
    ],
  ])('%s is an answer without one', (_name, body, contentType, reading) => {
    expect(answer(body, contentType, reading)).toEqual({
      error: expect.stringMatching(/^no prediction in the answer: /),
      unreadable: true,
    });
  });
});
