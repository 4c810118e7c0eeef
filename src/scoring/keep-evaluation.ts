import { describe, isRefused } from '../aws/errors.ts';
import type { Instant } from '../clock.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { evaluationJson } from '../report/regression/evaluation.ts';
import type { World } from '../world.ts';
import type { Decided } from './decide.ts';
import { keepOnce } from './keep-once.ts';

/**
 * Keeps `evaluation.json` beside the answers.
 * @returns a remark when S3 refused it: the verdict does not depend on it
 */
export const keepEvaluation = async (
  world: World,
  { bucket, prefix }: S3Location,
  attempt: number,
  { findings, quality }: Decided,
  at: Instant,
): Promise<readonly string[]> => {
  try {
    const evaluation = evaluationJson(findings, quality, at);
    await keepOnce(world, { bucket }, `${prefix}${attempt}/evaluation.json`, evaluation, 'application/json');
    return [];
  } catch (error) {
    if (!isRefused(error)) throw error;
    return [`evaluation.json was not kept: ${describe(error)}`];
  }
};
