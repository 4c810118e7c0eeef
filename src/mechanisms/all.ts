import type { Rollout } from '../manifest/manifest.ts';
import type { MechanismName, Release } from '../release/record.ts';
import { guardrail } from './guardrail/guardrail.ts';
import type { Mechanism } from './mechanism.ts';
import { replacement } from './replacement/replacement.ts';
import { variants } from './variants/variants.ts';

/** Every mechanism, by the name that a release record has for it. */
export const mechanisms = { guardrail, variants, replacement } as const satisfies Readonly<
  Record<MechanismName, Mechanism>
>;

/** The mechanism of a release, from its record. */
export const mechanismOf = ({ submission }: Pick<Release, 'submission'>): Mechanism => mechanisms[submission.mechanism];

const byStrategy: Readonly<Record<Rollout['strategy'], MechanismName>> = {
  'all-at-once': 'guardrail',
  canary: 'guardrail',
  linear: 'guardrail',
  rolling: 'guardrail',
  steps: 'variants',
};

/** The mechanism that plans a rollout. On no endpoint, or one without guardrails, it may leave the change itself to another mechanism. */
export const mechanismFor = ({ strategy }: Pick<Rollout, 'strategy'>): Mechanism => mechanisms[byStrategy[strategy]];
