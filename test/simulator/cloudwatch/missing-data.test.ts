import { describe, expect, test } from '@jest/globals';
import { decide, type TreatMissingData } from '../../../simulator/services/cloudwatch/missing-data.ts';

const treatments = ['missing', 'ignore', 'breaching', 'notBreaching'] as const satisfies readonly TreatMissingData[];
const points = (drawn: string) => drawn.split(' ').map((point) => (point === '-' ? undefined : point === 'X'));
const states = (drawn: string, datapointsToAlarm: number, evaluationPeriods = 3) =>
  treatments.map((treatMissingData) =>
    decide({ points: points(drawn), evaluationPeriods, datapointsToAlarm, treatMissingData }),
  );

// The two tables of AWS's "Configuring how CloudWatch alarms treat missing data"; columns as in `treatments`.
describe('three out of three', () => {
  test.each([
    ['0 - X - X', ['OK', 'OK', 'OK', 'OK']],
    ['0 - - - -', ['OK', 'OK', 'OK', 'OK']],
    ['- - - - -', ['INSUFFICIENT_DATA', 'keep', 'ALARM', 'OK']],
    ['0 X X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['- - X - -', ['ALARM', 'keep', 'ALARM', 'OK']],
  ])('%s', (drawn, expected) => {
    expect(states(drawn, 3)).toEqual(expected);
  });
});

describe('two out of three', () => {
  test.each([
    ['0 - X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0 0 X 0 X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
    ['- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
    ['- - - X -', ['ALARM', 'keep', 'ALARM', 'OK']],
  ])('%s', (drawn, expected) => {
    expect(states(drawn, 2)).toEqual(expected);
  });
});

describe('a lone fresh breach after missing points does not alarm until it is M periods old', () => {
  test.each([
    ['- - - - X', 3, 'keep'],
    ['- - - X -', 3, 'keep'],
    ['- - X - -', 3, 'ALARM'],
    ['- - - - X', 2, 'keep'],
    ['- - - X -', 2, 'ALARM'],
  ])('%s with M = %i', (drawn, m, expected) => {
    expect(states(drawn, m)[0]).toBe(expected);
  });
});

test('with one out of one, one breach is enough, and the newest real point decides', () => {
  expect(states('- - X', 1, 1)).toEqual(['ALARM', 'ALARM', 'ALARM', 'ALARM']);
  expect(states('X 0 -', 1, 1)).toEqual(['OK', 'OK', 'OK', 'OK']);
});
