import { describe, expect, test } from '@jest/globals';
import { everyPointOf, nameOf, pointNamed, pointsInEveryWay, pointsOf, type Recorded, worldsOf } from './points.ts';

const read = (at: number): Recorded => ({ at, mutation: false, service: 's3', operation: 'GetObject' });
const change = (at: number): Recorded => ({ at, mutation: true, service: 's3', operation: 'PutObject' });

describe('worlds', () => {
  test('a read tells no boundary from the next; a change and the time do', () => {
    const worlds = worldsOf([read(0), read(0), change(0), read(0), read(30)]);
    expect(worlds).toEqual([
      { key: '0/0', first: { request: 0, side: 'unsent' }, last: { request: 2, side: 'unsent' }, boundaries: 5 },
      { key: '1/0', first: { request: 2, side: 'unheard' }, last: { request: 3, side: 'unheard' }, boundaries: 3 },
      { key: '1/30', first: { request: 4, side: 'unsent' }, last: { request: 4, side: 'unheard' }, boundaries: 2 },
    ]);
  });

  test('no boundary is left out', () => {
    const requests = [read(0), change(0), change(0), read(10), change(40), read(40)];
    const boundaries = worldsOf(requests).reduce((sum, world) => sum + world.boundaries, 0);
    expect(boundaries).toBe(2 * requests.length);
  });

  const requests = Array.from({ length: 40 }, (_, index) => change(index * 10));

  test('each is met once, and a kill, a kill with another host and a cancellation take turns', () => {
    const points = pointsOf('rollback', requests);
    expect(points).toHaveLength(worldsOf(requests).length);
    expect(new Set(points.map(({ by, rerun }) => `${by}:${rerun}`))).toEqual(
      new Set([
        'kill:github-actions',
        'kill:command-line',
        'kill:codepipeline',
        'cancel:github-actions',
        'cancel-kill:github-actions',
      ]),
    );
  });

  test('each is met in all three ways when that is asked for', () => {
    const points = pointsInEveryWay('rollback', requests);
    expect(points).toHaveLength(3 * worldsOf(requests).length);
    expect(points.filter(({ by, rerun }) => by === 'kill' && rerun === 'github-actions')).toHaveLength(
      points.length / 3,
    );
  });
});

describe('the name of a point', () => {
  test('reproduces it', () => {
    for (const point of everyPointOf('deploy-endpoint/canary', [read(0), change(0), read(5), change(5)]))
      expect(pointNamed(nameOf(point))).toEqual(point);
  });

  test.each(['', 'rollback@3', 'rollback@3:unsent:kill:laptop', 'rollback@x:unsent:kill:github-actions'])(
    '%j is none',
    (name) => {
      expect(() => pointNamed(name)).toThrow('is no crash point');
    },
  );
});
