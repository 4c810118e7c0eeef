import type { LoggedRequest } from '../../simulator/contracts.ts';
import type { HostName } from '../../src/world.ts';
import { hostNames } from './scene.ts';

/**
 * Where a run of an act dies: at a request of the recorded run that nothing disturbed, before it is sent, or when it was carried out and
 * not heard; how; and who runs it again.
 */
export interface Point {
  readonly act: string;
  /** Index of the request among those of the run. */
  readonly request: number;
  readonly side: 'unsent' | 'unheard';
  /** `cancel-kill`: cancelled, and killed some requests later. */
  readonly by: 'kill' | 'cancel' | 'cancel-kill';
  readonly rerun: HostName;
}

/** `deploy-endpoint/canary@57:unheard:kill:action`. */
export const nameOf = ({ act, request, side, by, rerun }: Point): string => `${act}@${request}:${side}:${by}:${rerun}`;

/** @throws for a text that `nameOf` did not write */
export const pointNamed = (name: string): Point => {
  const [, act, request, side, by, rerun] =
    /^(.+)@(\d+):(unsent|unheard):(kill|cancel|cancel-kill):(.+)$/.exec(name) ?? [];
  const host = hostNames.find((one) => one === rerun);
  if (act === undefined || host === undefined)
    throw new Error(
      `${JSON.stringify(name)} is no crash point: <act>@<request>:<unsent|unheard>:<kill|cancel|cancel-kill>:<host>`,
    );
  return { act, request: Number(request), side: side as Point['side'], by: by as Point['by'], rerun: host };
};

/** What is recorded of a run that nothing disturbed. */
export type Recorded = Pick<LoggedRequest, 'at' | 'mutation' | 'service' | 'operation'>;

/**
 * Which boundaries find the same world when the process is gone. A read leaves nothing behind, and a run that dies keeps nothing, so
 * that only a change and the time tell one boundary from the next: all of the others are the same point under another name. Every world
 * is represented by its first boundary and, for runs that live on to be cancelled, by its last.
 */
export interface SameWorld {
  readonly first: Pick<Point, 'request' | 'side'>;
  readonly last: Pick<Point, 'request' | 'side'>;
  readonly boundaries: number;
}

export const worldsOf = (requests: readonly Recorded[]): readonly SameWorld[] => {
  const worlds: { key: string; first: SameWorld['first']; last: SameWorld['last']; boundaries: number }[] = [];
  let changes = 0;
  for (const [request, { at, mutation }] of requests.entries())
    for (const side of ['unsent', 'unheard'] as const) {
      if (side === 'unheard' && mutation) changes++;
      const key = `${changes}/${at}`;
      const here = { request, side };
      const world = worlds.at(-1);
      if (world?.key !== key) worlds.push({ key, first: here, last: here, boundaries: 1 });
      else Object.assign(world, { last: here, boundaries: world.boundaries + 1 });
    }
  return worlds;
};

/** A world's points: a kill and the same host, a kill and another host, and a cancellation. */
const waysOf = (act: string, { first, last }: SameWorld, index: number): readonly [Point, Point, Point] => [
  { act, ...first, by: 'kill', rerun: 'github-actions' },
  { act, ...last, by: 'kill', rerun: index % 2 === 0 ? 'command-line' : 'codepipeline' },
  { act, ...(index % 2 === 0 ? last : first), by: index % 4 === 3 ? 'cancel-kill' : 'cancel', rerun: 'github-actions' },
];

/** The points of an act: each of its worlds in one of the three ways, in turn. */
export const pointsOf = (act: string, requests: readonly Recorded[]): readonly Point[] =>
  worldsOf(requests).map((world, index) => waysOf(act, world, Math.floor(index / 3))[(index % 3) as 0 | 1 | 2]);

/** Each of its worlds in all three. */
export const pointsInEveryWay = (act: string, requests: readonly Recorded[]): readonly Point[] =>
  worldsOf(requests).flatMap((world, index) => waysOf(act, world, index));

/** Every boundary by itself: what is the same by the reasoning above, tried out. */
export const everyPointOf = (act: string, requests: readonly Recorded[]): readonly Point[] =>
  requests.flatMap((_, request) =>
    (['unsent', 'unheard'] as const).flatMap((side): Point[] => [
      { act, request, side, by: 'kill', rerun: hostNames[request % hostNames.length] ?? 'github-actions' },
      { act, request, side, by: request % 4 === 3 ? 'cancel-kill' : 'cancel', rerun: 'github-actions' },
    ]),
  );
