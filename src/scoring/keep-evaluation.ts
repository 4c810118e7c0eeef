import { describe, isRefused } from '../aws/errors.ts';
import type { Instant } from '../clock.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { evaluationJson } from '../report/regression/evaluation.ts';
import { type World, writesOf } from '../world.ts';
import type { Decided } from './decide.ts';

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
    await writesOf(world).s3.putObject({
      Bucket: bucket,
      Key: `${prefix}${attempt}/evaluation.json`,
      Body: evaluationJson(findings, quality, at),
      ContentType: 'application/json',
    });
    return [];
  } catch (error) {
    if (!isRefused(error)) throw error;
    return [`evaluation.json was not kept: ${describe(error)}`];
  }
};
