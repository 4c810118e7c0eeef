import type { DecidedRule } from '../findings/approval-policy.ts';
import type { BiasPolicyRule, MetricRule, PolicyRule } from '../manifest/approval-policy.ts';
import { InputError } from '../schema.ts';
import { reportReader } from '../scoring/registered-reports.ts';
import { verdictStanding } from '../scoring/require-verdict.ts';
import type { Asked, Mode } from './mode.ts';
import { type BesideAnalysis, decideBias } from './policy/decide-bias.ts';
import { type Beside, decideMetric } from './policy/decide-metric.ts';
import { policyDecision } from './policy/policy-decision.ts';
import { type Reported, readAnalysis, readDriftBaseline, readNumber } from './policy/read-values.ts';
import { type BesidePackage, packageBeside, readServing, type Serving } from './policy/serving.ts';

/** Decides by `approval.policy` of the manifest. A value that cannot be computed is never in the version's favour. */
export const policy: Mode = {
  does: 'approves or rejects it by the rules under `approval.policy` in the manifest, and writes the decision with its figures to the registry',
  needs: ['reads-evidence'],
  decide: async (at) => {
    const { policy: rules } = at.rules;
    if (rules === undefined)
      throw new InputError(
        `approval.policy: is missing in the manifest for ${at.name}; write the rules that decide, e.g. [{ metric: binary_classification_metrics.recall, at-least: 0.6 }]`,
      );
    const decided: DecidedRule[] = [];
    const facts = factsOf(at);
    // One after the other: a rehearsal repeats to the order of its requests.
    for (const rule of rules) decided.push(await decideRule(at, facts, rule));
    return { decision: policyDecision(decided), findings: { is: 'approval-policy', rules: decided } };
  },
};

interface Facts {
  readonly read: ReturnType<typeof reportReader>;
  readonly version: Reported;
  /** Read when the first rule needs it, and once. */
  serving(): Promise<Serving>;
  beside(): Promise<BesidePackage>;
}

const factsOf = (at: Asked): Facts => {
  let serving: Promise<Serving> | undefined;
  let beside: Promise<BesidePackage> | undefined;
  const { tag, reports, metadata } = at.registered;
  const facts: Facts = {
    read: reportReader(at.world),
    version: { name: tag, reports, metadata },
    serving: () => {
      serving ??= readServing(at);
      return serving;
    },
    beside: () => {
      beside ??= facts.serving().then((found) => packageBeside(at, found));
      return beside;
    },
  };
  return facts;
};

const decideRule = async (at: Asked, facts: Facts, rule: PolicyRule): Promise<DecidedRule> => {
  const { world } = at;
  switch (rule.is) {
    case 'metric':
      return decideMetric(
        rule,
        await readNumber(world, facts.read, facts.version, rule),
        await besideMetric(at, facts, rule),
      );
    case 'bias':
      return decideBias(
        rule,
        await readAnalysis(world, facts.read, facts.version, rule),
        await besideBias(at, facts, rule),
      );
    case 'verdict':
      return decideVerdict(at, await facts.serving());
  }
};

const besideMetric = async ({ world }: Asked, facts: Facts, rule: MetricRule): Promise<Beside> => {
  const { bound } = rule;
  if (bound.is !== 'not-worse') return { is: 'nothing' };
  if (bound.than === 'drift-baseline') {
    const value = await readDriftBaseline(world, facts.read, facts.version, rule);
    return { is: 'found', value, of: 'its drift baseline' };
  }
  const beside = await facts.beside();
  if (beside.is !== 'package') return beside;
  return {
    is: 'found',
    value: await readNumber(world, facts.read, beside, rule),
    of: `the serving ${beside.name}`,
  };
};

const besideBias = async ({ world }: Asked, facts: Facts, rule: BiasPolicyRule): Promise<BesideAnalysis> => {
  if (rule.rule.maxWorsening === undefined) return { is: 'nothing' };
  const beside = await facts.beside();
  if (beside.is !== 'package') return beside;
  const analysis = await readAnalysis(world, facts.read, beside, rule);
  return typeof analysis === 'string' ? { is: 'unknown', why: analysis } : { is: 'found', analysis };
};

/** The verdict for this content, this golden set and the version that serves now. */
const decideVerdict = async ({ world, manifest, name, registered }: Asked, serving: Serving): Promise<DecidedRule> => {
  const rule = 'the regression test passed';
  if (serving.is === 'unknown') return { rule, ruling: 'open', because: `no verdict counts: ${serving.why}` };
  const look = serving.is === 'known' ? serving.look : undefined;
  const { is, because } = await verdictStanding(world, { manifest, environment: name, registered, look });
  return { rule, ruling: rulings[is], because };
};

const rulings = { passed: 'holds', failed: 'broken', 'not-passed': 'open', open: 'open' } as const;
