import type { Rollout } from '../manifest/manifest.ts';
import type { EndpointMechanism, MechanismName, Release } from '../release/record.ts';
import { codedeploy } from './codedeploy/codedeploy.ts';
import { guardrail } from './guardrail/guardrail.ts';
import type { Mechanism, Movement } from './mechanism.ts';
import { replacement } from './replacement/replacement.ts';
import { variants } from './variants/variants.ts';

/** The mechanisms of SageMaker endpoints, by the name that a release record has for each. */
export const mechanisms = { guardrail, variants, replacement } as const satisfies Readonly<
  Record<EndpointMechanism, Mechanism>
>;
/** Those of whatever serves. */
const movements: Readonly<Record<MechanismName, Movement>> = { ...mechanisms, codedeploy };

/** The mechanism of a release, from its record. */
export const mechanismOf = ({ submission }: Pick<Release, 'submission'>): Movement => movements[submission.mechanism];

const byStrategy: Readonly<Record<Rollout['strategy'], EndpointMechanism>> = {
  'all-at-once': 'guardrail',
  canary: 'guardrail',
  linear: 'guardrail',
  rolling: 'guardrail',
  steps: 'variants',
};

/** The mechanism that plans a rollout. On no endpoint, or one without guardrails, it may leave the change itself to another mechanism. */
export const mechanismFor = ({ strategy }: Pick<Rollout, 'strategy'>): Mechanism => mechanisms[byStrategy[strategy]];
