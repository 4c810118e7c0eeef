import type { Instant } from '../clock.ts';
import type { Release } from '../release/record.ts';
import type { World } from '../world.ts';

/** One turn of a live release: the world, and the release as its record has it. */
export interface Turn {
  readonly world: World;
  readonly endpoint: string;
  readonly release: Release;
  /** Changes the release in its record by compare-and-swap: before the mutation it announces, never after. */
  save(patch: Patch): Promise<Turn>;
}

/** Members to change; `undefined` takes a member away. */
export type Patch = { readonly [Member in keyof Release]?: Release[Member] | undefined };

/** What a turn did or found, and when the next one makes sense; without `notBefore` at once. */
export interface Step {
  readonly because: string;
  readonly percent: number;
  readonly notBefore?: Instant;
}
