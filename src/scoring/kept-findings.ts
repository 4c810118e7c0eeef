import * as z from 'zod/mini';
import { describe, isRefused } from '../aws/errors.ts';
import type { Regression } from '../findings/regression.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { jsonText } from '../plain-text.ts';
import { withoutSecrets } from '../secrets.ts';
import type { World } from '../world.ts';
import { regressionSchema } from './findings-schema.ts';
import { keepOnce } from './keep-once.ts';
import { readKept } from './read-kept.ts';
import type { Verdict } from './test-record.ts';

/**
 * The findings of an attempt, `<subject>/<attempt>/findings.json`, and its `evaluation.json`: a verdict that is answered later has its tables too. No row
 * of the golden set stands in them but ids.
 */

/** Thousands of cells. */
const mostBytes = 8 * 1024 * 1024;

const findingsKey = ({ prefix }: S3Location, attempt: number): string => `${prefix}${attempt}/findings.json`;
const evaluationKey = ({ prefix }: S3Location, attempt: number): string => `${prefix}${attempt}/evaluation.json`;

/** @returns a remark for each that could not be kept: the verdict does not depend on them */
export const keepFindings = async (
  world: World,
  folder: S3Location,
  attempt: number,
  findings: Regression,
  evaluation: string,
): Promise<readonly string[]> => {
  const text = JSON.stringify(withoutSecrets(findings));
  return [
    ...(await kept(world, folder, evaluationKey(folder, attempt), evaluation)),
    ...(isReadable(text)
      ? await kept(world, folder, findingsKey(folder, attempt), text)
      : ['findings.json was not kept: a later run shows this verdict without its tables']),
  ];
};

const isReadable = (text: string): boolean =>
  Buffer.byteLength(text) <= mostBytes && regressionSchema.safeParse(JSON.parse(text)).success;

const kept = async (world: World, folder: S3Location, key: string, text: string): Promise<readonly string[]> => {
  try {
    await keepOnce(world, folder, key, text, 'application/json');
    return [];
  } catch (error) {
    if (!isRefused(error)) throw error;
    return [`${key.slice(key.lastIndexOf('/') + 1)} was not kept: ${describe(error)}`];
  }
};

export interface KeptFindings {
  readonly findings?: Regression;
  /** The text of `evaluation.json`. */
  readonly evaluation?: string;
  /** Objects that cannot be shown. */
  readonly remarks: readonly string[];
}

const evaluationSchema = z.looseObject({ model_delivery: z.looseObject({ verdict: z.string() }) });

/** The findings behind a verdict, as far as they are there and are about it. The verdict counts without them. */
export const findingsOf = async (
  world: World,
  folder: S3Location,
  { attempt, verdict, because }: Verdict,
): Promise<KeptFindings> => {
  const remarks: string[] = [];
  const found = await readable(remarks, () =>
    readKept(world, folder, findingsKey(folder, attempt), {
      ...{ schema: regressionSchema, mostBytes },
      is: 'no findings of a regression test',
    }),
  );
  const evaluation = await readable(remarks, () =>
    readKept(world, folder, evaluationKey(folder, attempt), {
      ...{ schema: evaluationSchema, mostBytes },
      is: 'no evaluation.json of a regression test',
    }),
  );
  const isItsOwn = found?.verdict === verdict && found.because === because;
  if (found !== undefined && !isItsOwn)
    remarks.push('the findings that are kept are about another verdict, and are not shown');
  return {
    remarks,
    ...(isItsOwn ? { findings: found as unknown as Regression } : {}),
    ...(evaluation?.model_delivery.verdict === verdict ? { evaluation: `${jsonText(evaluation, 2)}\n` } : {}),
  };
};

/** An object of another writer is no reason to refuse a verdict, which has a record of its own. */
const readable = async <Value>(remarks: string[], read: () => Promise<Value>): Promise<Value | undefined> => {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    remarks.push(error.message);
    return undefined;
  }
};
