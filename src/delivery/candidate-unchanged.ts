import { orUndefined } from '../aws/errors.ts';
import { mechanismOf } from '../mechanisms/all.ts';
import { Refusal } from '../operation.ts';
import { refuseForeign } from './provenance.ts';
import type { Task } from './task.ts';

/**
 * What `deploy-endpoint` published for the end of a stepped rollout must still be there (rule 3), be what it made of that version, and
 * be what the dark candidate runs already.
 */
export const candidateStands: Task = async (turn) => {
  const { world, endpoint, release, approval } = turn;
  const { candidate, baseline, stepping } = release;
  const existing = await orUndefined(
    world.read.sagemaker.describeEndpointConfig({ EndpointConfigName: candidate.endpointConfig }),
  );
  if (existing === undefined)
    throw new Refusal(
      'config-missing',
      `endpoint config ${candidate.endpointConfig} was deleted: run deploy-endpoint again`,
    );
  await refuseForeign(world, { endpoint, model: approval.group }, candidate);
  const dark = await world.read.sagemaker.describeEndpointConfig({
    EndpointConfigName: baseline?.endpointConfig ?? '',
  });
  const runs = dark.ProductionVariants?.find(({ VariantName }) => VariantName === stepping?.candidateVariant);
  if (runs?.ModelName === candidate.model) return undefined;
  throw new Refusal(
    'foreign-config',
    `the release record of ${endpoint} names model ${candidate.model} for ${release.version}, and the candidate beside what serves runs ${runs?.ModelName ?? 'none'}: run deploy-endpoint again`,
  );
};

/**
 * With all traffic on the candidate what is published next is looked at once more, whoever wrote the record meanwhile. What may not be
 * published gets no traffic either: it goes back.
 */
export const candidateStandsAtTheEnd: Task = async (turn) => {
  const { stepping, commands } = turn.release;
  if (stepping === undefined || commands.some(({ command }) => command === 'abort')) return undefined;
  const { state, plan } = stepping;
  if (!('index' in state) || state.index < plan.steps.length - 1) return undefined;
  try {
    return await candidateStands(turn);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return mechanismOf(turn.release).stop(turn, error.reason, error.message);
  }
};
