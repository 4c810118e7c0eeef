import { describe, expect, test } from '@jest/globals';
import { isForRows, parsePath, select } from '../../../simulator/services/sagemaker/json-path.ts';
import {
  assembled,
  FileFailed,
  fieldsOf,
  payloadsOf,
  type Recipe,
} from '../../../simulator/services/sagemaker/transform-records.ts';

const found = (path: string, value: unknown, lastIncluded = true): unknown => {
  const parsed = parsePath(path);
  if (parsed === undefined) return 'no path';
  try {
    return select(parsed, value, lastIncluded);
  } catch (error) {
    return error instanceof Error ? error.constructor.name : error;
  }
};

describe('the JSONPath of filters (AWS: "Supported JSONPath Operators")', () => {
  const row = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const object = { id: 7, features: [1, 2, 3], field1: { child1: 'x', child2: 'y' }, SageMakerOutput: { label: 1 } };

  test.each([
    ['$', row, row],
    ['$[1]', row, 'b'],
    ['$[-1]', row, 'g'],
    ['$[1,3,5]', row, ['b', 'd', 'f']],
    ['$[1:]', row, ['b', 'c', 'd', 'e', 'f', 'g']],
    ['$[-2:]', row, ['f', 'g']],
    // "$[1:4] specifies the second through fifth columns", "[:5] … through the sixth column".
    ['$[1:4]', row, ['b', 'c', 'd', 'e']],
    ['$[:5]', row, ['a', 'b', 'c', 'd', 'e', 'f']],
    ['$[0,5:]', row, ['a', 'f', 'g']],
    ['$[9]', row, 'NoSuchPart'],
    ['$.id', row, 'NoSuchPart'],
    ['$.id', object, 7],
    ['$.features', object, [1, 2, 3]],
    ['$.features[0]', object, 1],
    ["$['id']", object, 7],
    ["$['id','SageMakerOutput']", object, { id: 7, SageMakerOutput: { label: 1 } }],
    ["$.field1.['child1','child2']", object, { child1: 'x', child2: 'y' }],
    ['$.field1.*', object, ['x', 'y']],
    ['$.features[*]', object, [1, 2, 3]],
    ['$.toString', object, 'NoSuchPart'],
    ['$.id.more', object, 'NoSuchPart'],
    ['$[0]', object, 'NoSuchPart'],
    ['id', object, 'no path'],
    ['$..id', object, 'no path'],
    ['$[?(@.id)]', object, 'no path'],
    ['$.', object, 'no path'],
  ])('%s', (path, value, expected) => {
    expect(found(path, value)).toEqual(expected);
  });

  test('the end of a slice, as JSONPath has it', () => {
    expect(found('$[1:4]', row, false)).toEqual(['b', 'c', 'd']);
  });

  test('names are not for rows', () => {
    const forRows = (path: string) => isForRows(parsePath(path) ?? []);
    expect(['$', '$[1:]', '$[0,2]', '$[*]', '$.id', "$['id']"].map(forRows)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

test('a field of a CSV row may have commas and quotes (RFC 4180)', () => {
  expect(fieldsOf('1,"a, b","say ""no""",')).toEqual(['1', '"a, b"', '"say ""no"""', '']);
});

describe('records of a file', () => {
  const plain: Recipe = {
    contentType: 'text/csv',
    accept: undefined,
    byLine: true,
    oneRecord: false,
    largestBytes: undefined,
    assembleLines: true,
    join: false,
    inputFilter: [],
    outputFilter: [],
    lastIncluded: true,
  };
  const bodies = (file: string, recipe: Partial<Recipe> = {}) =>
    payloadsOf(Buffer.from(file), { ...plain, ...recipe }).map(({ body }) => body.toString());
  const path = (text: string) => parsePath(text) ?? [];

  test('go one by one, together, or with the whole file', () => {
    expect(bodies('1\n2\n3\n', { oneRecord: true })).toEqual(['1', '2', '3']);
    expect(bodies('1\n2\n3\n')).toEqual(['1\n2\n3']);
    expect(bodies('1\r\n2')).toEqual(['1\n2']);
    expect(bodies('1\n2\n3\n', { byLine: false })).toEqual(['1\n2\n3\n']);
    expect(bodies('')).toEqual([]);
  });

  test('as many as fit, and a record that is too large is an error', () => {
    expect(bodies('11\n22\n33\n44\n55', { largestBytes: 6 })).toEqual(['11\n22', '33\n44', '55']);
    expect(() => bodies('11\n2222222', { largestBytes: 6 })).toThrow(FileFailed);
    expect(() => bodies('2222222', { largestBytes: 6, byLine: false })).toThrow(FileFailed);
  });

  test('are filtered before they are sent', () => {
    expect(bodies('id,1,2\nid,3,4', { inputFilter: path('$[1:]') })).toEqual(['1,2\n3,4']);
    const json = { contentType: 'application/jsonlines', inputFilter: path('$.features') };
    expect(bodies('{"id":1,"features":[1,2]}\n', json)).toEqual(['[1,2]']);
    expect(bodies('{"id":1,"features":[1,2]}\n', { ...json, byLine: false })).toEqual(['[1,2]']);
    expect(() => bodies('a,b', { inputFilter: path('$[5]') })).toThrow(FileFailed);
    expect(() => bodies('no', json)).toThrow(FileFailed);
  });

  const output = (file: string, answers: readonly string[], recipe: Partial<Recipe>): string => {
    const whole = { ...plain, ...recipe };
    const given = answers.map((body) => ({ body: Buffer.from(body), contentType: whole.contentType }));
    return assembled(payloadsOf(Buffer.from(file), whole), given, whole).toString();
  };

  test('answers are put together with or without line breaks', () => {
    expect(output('1\n2', ['a', 'b\n'], { oneRecord: true })).toBe('a\nb\n');
    expect(output('1\n2', ['a', 'b'], { oneRecord: true, assembleLines: false })).toBe('ab');
  });

  test('a CSV row is followed by its answer, and then filtered', () => {
    expect(output('x,1,2\ny,3,4', ['a,0.9\nb,0.8\n'], { join: true })).toBe('x,1,2,a,0.9\ny,3,4,b,0.8\n');
    expect(output('x,1,2\ny,3,4', ['a\nb\n'], { join: true, outputFilter: path('$[0,-1]') })).toBe('x,a\ny,b\n');
    expect(output('x,1,2', ['a,0.9'], { outputFilter: path('$[1]') })).toBe('0.9\n');
    expect(() => output('x', ['a'], { join: true, outputFilter: path('$[7]') })).toThrow(FileFailed);
  });

  test('a JSON object gets its answer as SageMakerOutput; other values get two members', () => {
    const json = { contentType: 'application/json', byLine: false, assembleLines: false, join: true };
    expect(output('{"key":1}', ['{"label":1}'], json)).toBe('{"key":1,"SageMakerOutput":{"label":1}}');
    expect(output('[1]', ['2'], json)).toBe('{"SageMakerInput":[1],"SageMakerOutput":2}');
    const lines = { contentType: 'application/jsonlines', join: true, outputFilter: path("$['id','SageMakerOutput']") };
    expect(output('{"id":1,"x":0}\n{"id":2,"x":0}', ['{"l":1}\n{"l":2}\n'], lines)).toBe(
      '{"id":1,"SageMakerOutput":{"l":1}}\n{"id":2,"SageMakerOutput":{"l":2}}\n',
    );
  });

  test('an answer that does not fit its records is an error', () => {
    expect(() => output('1\n2', ['a'], { join: true })).toThrow('1 answers to 2 records');
    const recipe = { ...plain, join: true };
    const answer = { body: Buffer.from('{}'), contentType: 'application/json' };
    expect(() => assembled(payloadsOf(Buffer.from('1'), recipe), [answer], recipe)).toThrow('needs one format');
  });
});
