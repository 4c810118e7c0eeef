import { comment } from './comment.ts';
import type { Mode } from './mode.ts';
import { policy } from './policy.ts';
import { record } from './record.ts';

/** Every way to decide, by the name of the input `mode`. */
export const modes = {
  check: { does: 'reports at once whether the version is approved, rejected or still waiting' },
  policy,
  record,
  comment,
  wait: {
    does: 'goes on until the registry has a decision, or until `timeout`; on a runner the minutes cost money',
    takes: ['price-per-minute'],
    waits: true,
  },
} as const satisfies Readonly<Record<string, Mode>>;

export type ModeName = keyof typeof modes;
export const modeNames = Object.keys(modes) as readonly ModeName[];

export const modeOf = (name: ModeName): Mode => modes[name];
