import { orUndefined } from '../aws/errors.ts';
import type { ReleaseOutputs } from '../delivery/release-outputs.ts';
import type { Opening } from '../delivery/run-release.ts';
import { baselineOf } from '../endpoint/baseline.ts';
import { type Look, packagesOfModel } from '../endpoint/look.ts';
import { alone, type Candidate, candidateOf, leftBehind } from '../endpoint/variants.ts';
import { Refusal } from '../operation.ts';
import { type Decided, readDecision } from '../registry/decision.ts';
import { registryAccount } from '../registry/registry.ts';
import { approvalOf } from '../registry/standing.ts';
import { readPackage } from '../registry/version-reference.ts';
import { goodOnes } from '../release/history.ts';
import type { Configuration, ReleaseRecord } from '../release/record.ts';
import { isSameName } from '../same-name.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { type RollbackInputs, rollbackInputs } from './rollback-inputs.ts';
import { configurationOf, homeOf, notesOn, served, wayBack } from './way-back.ts';

/**
 * The way back from a rejected version: to the version beside a rejected candidate, else to the last one that served well. A version that
 * is rejected itself is passed over.
 * @throws {Refusal} `nothing-to-roll-back-to` when every one of them is rejected
 */
export const unrejectedWayBack = async (
  world: World,
  given: RollbackInputs,
  record: ReleaseRecord,
  look: Look,
  decided: Decided,
): Promise<Opening<ReleaseOutputs>> => {
  const { live } = look;
  const mixed = live.status === 'UpdateRollbackFailed';
  const beside = candidateOf(live, record)?.beside;
  const serving = beside && alone({ ...baselineOf(look, record), beside });
  const shown = record.history.find(({ endpointConfig }) => endpointConfig === live.endpointConfig);
  const first = mixed ? homeOf(record, look) : serving;
  const options = [...(first ? [first] : []), ...goodOnes(record.history, shown ?? live).map(configurationOf)];
  const { target, passed } = await firstUnrejected(world, given.manifest.model, options);
  const others = passed.filter(({ packageVersion }) => packageVersion !== decided.packageVersion);
  if (target === undefined)
    throw new Refusal(
      'nothing-to-roll-back-to',
      `${approvalOf(decided)}, and serves ${record.endpoint}; no version that is not rejected served well there before: ${[served(record), ...others.map(({ tag }) => `${tag} is Rejected too`)].join('; ')}; deploy an approved version, or delete the endpoint`,
    );
  const idle = mixed ? undefined : leftBehind(live, record);
  const withdraws = target === serving ? idle?.version : undefined;
  return wayBack(world, given, record, look, {
    target,
    mixed,
    rejected: true,
    because: reasonFor(given, decided),
    notes: [
      ...others.map(({ tag }) => `${tag} served well too and is passed over, since it is Rejected`),
      ...notesAbout(idle, target, record, withdraws),
      `${decided.tag} is not convicted: approved again, it can be delivered again`,
    ],
    ...withoutUndefined({ withdraws }),
  });
};

/** The end of a candidate without traffic. */
const notesAbout = (
  idle: Candidate | undefined,
  target: Configuration,
  record: ReleaseRecord,
  withdraws: string | undefined,
): readonly string[] => {
  if (idle === undefined) return [];
  return withdraws === undefined
    ? [`the candidate ${idle.version}, which has no traffic, goes too`]
    : notesOn(idle, alone(target), record, true);
};

const reasonFor = ({ because }: RollbackInputs, decided: Decided): string =>
  because === rollbackInputs.because.default ? approvalOf(decided) : `${approvalOf(decided)}; ${because}`;

const firstUnrejected = async (
  world: World,
  model: string,
  options: readonly Configuration[],
): Promise<{ readonly target?: Configuration; readonly passed: readonly Decided[] }> => {
  const passed = new Map<number, Decided>();
  for (const option of options) {
    const rejection = await rejectionOf(world, model, option);
    if (rejection === undefined) return { target: option, passed: [...passed.values()] };
    passed.set(rejection.packageVersion, rejection);
  }
  return { passed: [...passed.values()] };
};

/** The rejection of the package that a configuration's model was made of; the record alone knows a deleted model's package. */
const rejectionOf = async (
  world: World,
  group: string,
  { model, packageVersion }: Configuration,
): Promise<Decided | undefined> => {
  const described = await orUndefined(world.read.sagemaker.describeModel({ ModelName: model }));
  const home = registryAccount(world);
  const numbers = described
    ? packagesOfModel(described).flatMap((text) => {
        const named = readPackage(group, text);
        const isHere = named?.home?.id === home.id && isSameName(named.group, group);
        return isHere && named.packageVersion !== undefined ? [named.packageVersion] : [];
      })
    : packageVersion === undefined
      ? []
      : [packageVersion];
  for (const number of new Set(numbers)) {
    const decided = await readDecision(world, group, number);
    if (decided?.approval === 'Rejected') return decided;
  }
  return undefined;
};
