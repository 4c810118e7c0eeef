import * as z from 'zod/mini';
import type { JobData } from '../../aws/codepipeline.ts';
import { InputError } from '../../schema.ts';

/** JSON's `null` counts as a missing member. */
const perhaps = <Kind extends z.core.SomeType>(kind: Kind) =>
  z.pipe(
    z.nullish(kind),
    z.transform((value) => value ?? undefined),
  );
const text = () => perhaps(z.string());
const named = () => perhaps(z.looseObject({ name: text() }));

/** The members of a job that this suite reads (CodePipeline API, JobData). */
const jobData = z.looseObject({
  actionConfiguration: perhaps(z.looseObject({ configuration: perhaps(z.record(z.string(), z.string())) })),
  pipelineContext: perhaps(
    z.looseObject({ pipelineName: text(), pipelineExecutionId: text(), stage: named(), action: named() }),
  ),
  inputArtifacts: perhaps(
    z.array(
      z.looseObject({
        name: text(),
        revision: text(),
        location: perhaps(
          z.looseObject({ s3Location: perhaps(z.looseObject({ bucketName: text(), objectKey: text() })) }),
        ),
      }),
    ),
  ),
  artifactCredentials: perhaps(z.looseObject({ accessKeyId: text(), secretAccessKey: text(), sessionToken: text() })),
  continuationToken: text(),
});

/**
 * A job as CodePipeline documents it. A deviation is a defect of the job's author, not of this suite.
 * @throws {InputError} naming the member, never its value: a job holds credentials (DESIGN §7 rule 16)
 */
export const readJobData = (given: unknown): JobData => {
  const result = z.safeParse(jobData, given);
  if (result.success) return result.data as JobData;
  const path = (result.error.issues[0]?.path ?? []).map(String).join('.').slice(0, 200);
  throw new InputError(`the job${path === '' ? '' : `'s ${path}`} does not match CodePipeline's documentation`);
};
