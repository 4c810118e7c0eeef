import { orUndefined } from '../aws/errors.ts';
import type { Turn } from '../mechanisms/turn.ts';
import { Refusal } from '../operation.ts';
import { refuseForeign } from './provenance.ts';

/**
 * The config that `deploy-endpoint` published for the end of a stepped rollout must still exist (rule 3). Its content must still be the
 * content that `deploy-endpoint` made of that version. Its model must be the model that the dark candidate runs already.
 */
export const candidateStands = async (turn: Turn): Promise<undefined> => {
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
    `the release record of ${endpoint} names model ${candidate.model} for ${release.version}, but the candidate on the endpoint runs ${runs?.ModelName ?? 'none'}: run deploy-endpoint again`,
  );
};
