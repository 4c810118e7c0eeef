import { classify, orUndefined } from '../aws/errors.ts';
import { type Instant, minutes } from '../clock.ts';
import type { Desired } from '../endpoint/desired.ts';
import { tags } from '../endpoint/tags.ts';
import type { RequestForm } from '../manifest/asking.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { InputError } from '../schema.ts';
import { type World, writesOf } from '../world.ts';
import type { GoldenRow, GoldenRows } from './golden-set.ts';
import { keepOnce } from './keep-once.ts';
import { bodyOf, RequestProblem } from './request.ts';
import { type Answer, type Reading, readAnswer } from './response.ts';
import type { TransformSite } from './site.ts';

/** A batch transform job over all golden rows: one line each, in the order of the golden set, which its output keeps. */
export interface Job {
  readonly site: TransformSite;
  /** Name of the job; names are used once in an account. */
  readonly name: string;
  /** Model that answers. */
  readonly model: string;
  readonly folder: S3Location;
  readonly attempt: number;
}

export type JobState =
  | { readonly is: 'ready' }
  | { readonly is: 'working'; readonly because: string; readonly notBefore?: Instant }
  /** `isStopped`: by a run that was cancelled. */
  | { readonly is: 'failed'; readonly because: string; readonly isStopped: boolean };

const pollMs = minutes(1);

const extensions: Readonly<Record<string, string>> = { 'text/csv': 'csv', 'application/jsonlines': 'jsonl' };

/** The rows are sent as one object, which is made in memory. */
const mostLineBytes = 256 * 1024 * 1024;

/** @throws {InputError} when rows of this content type cannot be split into lines */
export const requireLineType = ({ contentType }: RequestForm): void => {
  if (extensions[contentType] === undefined)
    throw new InputError(
      `regression.request: a batch transform job takes one row a line, and the content type is ${contentType}; expected ${Object.keys(extensions).join(' or ')}`,
    );
};

/**
 * @param before bytes of the lines before it
 * @returns bytes of the line of this row
 * @throws {InputError} when the row makes none, or all lines together are too long
 */
export const requireLine = (row: GoldenRow, form: RequestForm, before: number): number => {
  const { length } = lineOf(row, form);
  if (before + length > mostLineBytes)
    throw new InputError(
      `regression.dataset: its rows are requests of more than ${mostLineBytes / 1024 / 1024} MB, the largest input of a batch transform job`,
    );
  return length;
};

const inputKey = ({ folder, attempt }: Job, { contentType }: RequestForm): string =>
  `${folder.prefix}${attempt}/transform/rows.${extensions[contentType]}`;

const outputPrefix = ({ folder, attempt, name }: Job): string => `${folder.prefix}${attempt}/transform/${name}/`;

/** Makes the next missing part: the rows as an object, the model, the job; or looks whether the job has ended. */
export const ensureTransform = async (
  world: World,
  job: Job,
  golden: GoldenRows,
  form: RequestForm,
  /** Undefined where the model exists. */
  desired: Desired | undefined,
): Promise<JobState> => {
  const { name, model, folder, site } = job;
  const described = await orUndefined(
    world.read.sagemaker.describeTransformJob({ TransformJobName: name }).catch(absentJob),
  );
  if (described !== undefined) return stateOf(world, name, described);
  const Key = inputKey(job, form);
  if ((await orUndefined(world.read.s3.headObject({ Bucket: folder.bucket, Key }))) === undefined) {
    const lines: Buffer[] = [];
    for await (const rows of golden.batches()) lines.push(Buffer.concat(rows.map((row) => lineOf(row, form))));
    await keepOnce(world, folder, Key, Buffer.concat(lines), form.contentType);
    return { is: 'working', because: `kept ${golden.size} rows for batch transform` };
  }
  if (
    desired !== undefined &&
    (await orUndefined(world.read.sagemaker.describeModel({ ModelName: model }))) === undefined
  )
    return made(world, `temporary model ${model}`, writesOf(world).sagemaker.createModel(desired.model));
  return made(
    world,
    `batch transform job ${name}`,
    writesOf(world).sagemaker.createTransformJob({
      TransformJobName: name,
      ModelName: model,
      BatchStrategy: 'SingleRecord',
      TransformInput: {
        DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: `s3://${folder.bucket}/${Key}` } },
        ContentType: form.contentType,
        SplitType: 'Line',
      },
      TransformOutput: {
        S3OutputPath: `s3://${folder.bucket}/${outputPrefix(job)}`,
        AssembleWith: 'Line',
        ...(form.accept === undefined ? {} : { Accept: form.accept }),
      },
      TransformResources: { InstanceType: site.instance as never, InstanceCount: site.instances },
      Tags: tags(site.tags),
    }),
  );
};

/** DescribeTransformJob has no class of its own for an absent job (reference/sagemaker.md: ResourceNotFound, or a ValidationException). */
const absentJob = (error: unknown): undefined => {
  if (classify(error) === 'not-found') return undefined;
  throw error;
};

const stateOf = (
  world: World,
  name: string,
  {
    TransformJobStatus: status,
    FailureReason: why,
  }: { readonly TransformJobStatus?: string | undefined; readonly FailureReason?: string | undefined },
): JobState => {
  if (status === 'Completed') return { is: 'ready' };
  if (status === 'InProgress' || status === 'Stopping')
    return {
      is: 'working',
      because: `batch transform job ${name} is ${status}`,
      notBefore: world.clock.now() + pollMs,
    };
  return {
    is: 'failed',
    because: `batch transform job ${name} is ${status}: ${why ?? 'SageMaker gives no reason'}`,
    isStopped: status === 'Stopped',
  };
};

const made = async (world: World, what: string, creation: Promise<unknown>): Promise<JobState> => {
  try {
    await creation;
  } catch (error) {
    if (classify(error) !== 'already-exists') throw error;
    // As of a temporary endpoint: reads may lag behind a creation.
    return { is: 'working', because: `${what} cannot be read yet`, notBefore: world.clock.now() + pollMs };
  }
  return { is: 'working', because: `created ${what}` };
};

const lineOf = ({ id, row, labels, numbers }: GoldenRow, form: RequestForm): Buffer => {
  try {
    const text = bodyOf(row, form, numbers)
      .toString('utf8')
      .replace(/\r?\n$/, '');
    if (/[\r\n]/.test(text)) throw new RequestProblem('has a line end, and a batch transform job takes one row a line');
    return Buffer.from(`${text}\n`);
  } catch (error) {
    if (!(error instanceof RequestProblem)) throw error;
    throw new InputError(`${labels.file}: row ${JSON.stringify(id)} ${error.message}`);
  }
};

const mostBytes = 256 * 1024 * 1024;

/** A golden row, and the answer in its line. */
export interface Transformed {
  readonly row: GoldenRow;
  readonly answer: Answer;
}

/** The answers of a job that has ended, in the order of the golden rows. @throws {Refusal} `transform-failed` when they are not one a row */
export const transformed = async (
  world: World,
  job: Job,
  golden: GoldenRows,
  form: RequestForm,
  readingOf: (row: GoldenRow) => Reading,
): Promise<AsyncIterable<Transformed>> => {
  const Key = `${outputPrefix(job)}${inputKey(job, form).split('/').at(-1)}.out`;
  const found = await world.read.s3.getObject({ Bucket: job.folder.bucket, Key }, mostBytes);
  const text = found.text.replace(/[\r\n]+$/, '');
  const count = countOf(text);
  if (count !== golden.size)
    throw new Refusal(
      'transform-failed',
      `batch transform job ${job.name} gave ${count} lines for ${golden.size} rows: the container must answer one line a row`,
    );
  const contentType = form.accept ?? form.contentType;
  const answers = async function* (): AsyncGenerator<Transformed, void> {
    const lines = linesOf(text);
    for await (const rows of golden.batches())
      for (const row of rows) {
        const { value = '' } = lines.next();
        yield { row, answer: readAnswer({ body: Buffer.from(value), contentType }, readingOf(row)) };
      }
  };
  return { [Symbol.asyncIterator]: answers };
};

const countOf = (text: string): number => {
  if (text === '') return 0;
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
};

const linesOf = function* (text: string): Generator<string, undefined> {
  for (let from = 0; from <= text.length; ) {
    const found = text.indexOf('\n', from);
    const end = found < 0 ? text.length : found;
    yield text.slice(from, end).replace(/\r$/, '');
    from = end + 1;
  }
};

/** Of a run that is cancelled: a job costs as long as it runs. Its name stays taken. */
export const stopTransform = async (world: World, name: string): Promise<void> => {
  const described = await orUndefined(
    world.read.sagemaker.describeTransformJob({ TransformJobName: name }).catch(absentJob),
  );
  if (described?.TransformJobStatus === 'InProgress')
    await writesOf(world).sagemaker.stopTransformJob({ TransformJobName: name });
};
