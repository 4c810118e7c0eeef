import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from '@jest/globals';
import { wavesOf } from '../../../src/manifest/fleet.ts';
import { loadFleet } from '../../../src/manifest/fleet-schema.ts';

const documented = /```yaml\n([\s\S]*?)```/.exec(readFileSync('docs/fleets.md', 'utf8'))?.[1] ?? '';

test('the file of docs/fleets.md is a fleet, whose waves take each endpoint once', () => {
  const fleet = loadFleet(documented, 'fleet.yml');
  const { waves, faults } = wavesOf(fleet);
  expect(faults).toEqual([]);
  expect(
    waves.map(({ name, bakeSeconds, at }) => [name, bakeSeconds, at.flatMap(({ endpoints }) => endpoints)]),
  ).toEqual([
    ['pilot', 3600, ['churn-acme']],
    ['tenth', 14_400, ['churn-globex']],
    ['rest', 0, ['churn-initech']],
  ]);
});

const fleetWith = (waves: string, endpoints = '[a, b, c, d]', more = ''): string => `\
version: 1
environment: tenants
places:
  - { account: "111122223333", region: eu-west-1, max-concurrent: 2, requests-per-second: 5, endpoints: ${endpoints} }
  - { account: "444455556666", region: eu-west-1, max-concurrent: 2, requests-per-second: 5, endpoints: [a, e] }
waves: [${waves}]
${more}`;
const namesIn = (text: string): readonly (readonly string[])[] =>
  wavesOf(loadFleet(text, 'fleet.yml')).waves.map(({ at }) => at.flatMap(({ endpoints }) => endpoints));

describe('waves', () => {
  it('take endpoints by name in every place, by number, by share rounded up, and the rest', () => {
    const by = '{ name: one, endpoints: [a], bake: 0s }, { name: two, count: 1, bake: 0s }';
    expect(namesIn(fleetWith(`${by}, { name: three, percent: 20%, bake: 0s }, { name: rest }`))).toEqual([
      ['a', 'a'],
      ['b'],
      ['c', 'd'],
      ['e'],
    ]);
  });

  it('tolerate failures by number, and by share rounded down; a wave has its own', () => {
    const text = fleetWith(
      '{ name: one, count: 5, bake: 1m }, { name: rest, tolerated-failures: 1 }',
      undefined,
      'tolerated-failures: 50%',
    );
    expect(wavesOf(loadFleet(text, 'fleet.yml')).waves.map(({ tolerated }) => tolerated)).toEqual([2, 1]);
  });

  it.each([
    [
      '{ name: one, count: 2, bake: 1m }',
      /^fleet\.yml:6:9: waves\.0: is the last, and 4 of 6 endpoints are in no wave/,
    ],
    ['{ name: one, count: 2 }, { name: rest }', /bake: is missing; expected how long the next wave waits/],
    ['{ name: one, count: 9, bake: 1m }, { name: rest }', /waves\.1: takes no endpoint/],
    ['{ name: one, tag: pilot, bake: 1m }, { name: rest }', /names the tag pilot, which the fleet does not have/],
    ['{ name: one, endpoints: [x], bake: 1m }, { name: rest }', /names x, which the fleet does not have/],
    ['{ name: one, count: 1, percent: 5%, bake: 1m }, { name: rest }', /stands beside `count`/],
    ['{ name: one, count: 1, bake: 1m }, { name: one }', /is one, as an earlier wave/],
  ])('%s is refused', (waves, message) => {
    expect(() => loadFleet(fleetWith(waves), 'fleet.yml')).toThrow(message);
  });

  it('an endpoint twice in a place is refused, in whatever letters', () => {
    expect(() => loadFleet(fleetWith('{ name: rest }', '[a, A]'), 'fleet.yml')).toThrow(/is A a second time/);
  });

  it('a wave of more than a thousand endpoints is refused: the state machine holds its results', () => {
    const many = `[${Array.from({ length: 1001 }, (_, at) => `e-${at}`).join(', ')}]`;
    expect(() => loadFleet(fleetWith('{ name: rest }', many), 'fleet.yml')).toThrow(
      /takes 1003 endpoints, and a wave has at most 1000; divide it/,
    );
  });
});
