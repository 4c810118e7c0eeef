import { notSimulated } from '../../not-simulated.ts';
import { isForRows, type JsonPath, parsePath } from './json-path.ts';
import { invalid } from './refusals.ts';
import type { Tag } from './tags.ts';
import { formatOf, type Recipe } from './transform-records.ts';

export interface TransformInput {
  readonly TransformJobName: string;
  readonly ModelName: string;
  readonly MaxConcurrentTransforms?: number;
  readonly ModelClientConfig?: {
    readonly InvocationsTimeoutInSeconds?: number;
    readonly InvocationsMaxRetries?: number;
  };
  readonly MaxPayloadInMB?: number;
  readonly BatchStrategy?: 'MultiRecord' | 'SingleRecord';
  readonly TransformInput: {
    readonly DataSource: {
      readonly S3DataSource: { readonly S3DataType: string; readonly S3Uri: string };
    };
    readonly ContentType?: string;
    readonly CompressionType?: 'None' | 'Gzip';
    readonly SplitType?: 'None' | 'Line' | 'RecordIO' | 'TFRecord';
  };
  readonly TransformOutput: {
    readonly S3OutputPath: string;
    readonly Accept?: string;
    readonly AssembleWith?: 'None' | 'Line';
  };
  readonly TransformResources: { readonly InstanceType: string; readonly InstanceCount: number };
  readonly DataProcessing?: {
    readonly InputFilter?: string;
    readonly OutputFilter?: string;
    readonly JoinSource?: 'None' | 'Input';
  };
  readonly DataCaptureConfig?: object;
  readonly Tags?: readonly Tag[];
}

const megabyte = 1024 ** 2;
/** AWS: CreateTransformJob, MaxPayloadInMB. */
const limits = { usualMb: 6, largestMb: 100 } as const;

const pathOf = (member: string, text: string): JsonPath => {
  const path = parsePath(text);
  if (path === undefined) throw invalid(`${member} ${text} is not a JSONPath that batch transform supports.`);
  return path;
};

const refuseUnsimulated = ({ TransformInput: input, DataCaptureConfig }: TransformInput): void => {
  const { S3DataType } = input.DataSource.S3DataSource;
  // "The following value is not compatible: AugmentedManifestFile" (AWS: TransformS3DataSource).
  if (S3DataType === 'AugmentedManifestFile')
    throw invalid('S3DataType AugmentedManifestFile is not supported by transform jobs.');
  const others: Readonly<Record<string, boolean>> = {
    [`S3DataType ${S3DataType}`]: S3DataType !== 'S3Prefix' && S3DataType !== 'ManifestFile',
    [`SplitType ${input.SplitType}`]: input.SplitType === 'RecordIO' || input.SplitType === 'TFRecord',
    DataCaptureConfig: DataCaptureConfig !== undefined,
  };
  for (const [what, isGiven] of Object.entries(others)) if (isGiven) throw notSimulated(`transform jobs with ${what}`);
};

/** "The value of MaxConcurrentTransforms * MaxPayloadInMB also cannot exceed 100 MB" (AWS: CreateTransformJob). */
const refuseSizes = ({ MaxPayloadInMB = limits.usualMb, MaxConcurrentTransforms = 0 }: TransformInput): void => {
  if (MaxPayloadInMB > limits.largestMb) throw invalid(`MaxPayloadInMB cannot be greater than ${limits.largestMb} MB.`);
  if (MaxPayloadInMB * MaxConcurrentTransforms > limits.largestMb)
    throw invalid(`MaxConcurrentTransforms * MaxPayloadInMB cannot exceed ${limits.largestMb} MB.`);
};

/** AWS: "Associate Prediction Results with Input Records". Whether the creation refuses these, or the job fails, is [unconfirmed]. */
const refuseProcessing = (
  { TransformInput: { ContentType = '', SplitType }, TransformOutput: { Accept, AssembleWith } }: TransformInput,
  filters: readonly JsonPath[],
): void => {
  const format = formatOf(ContentType);
  if (format === undefined || (Accept !== undefined && formatOf(Accept) !== format))
    throw invalid(
      'DataProcessing needs ContentType and Accept to be the same of text/csv, application/json and application/jsonlines.',
    );
  if (format === 'csv' && (SplitType !== 'Line' || AssembleWith !== 'Line'))
    throw invalid('DataProcessing of text/csv needs SplitType and AssembleWith Line.');
  if (format === 'csv' && !filters.every(isForRows))
    throw invalid('Only index based JSONPaths can be applied to text/csv.');
};

/** What the job does with its files. @throws AwsError; AWS publishes no words for these refusals, so the words are ours */
export const recipeOf = (input: TransformInput, lastIncluded: boolean): Recipe => {
  refuseUnsimulated(input);
  refuseSizes(input);
  const { InputFilter = '$', OutputFilter = '$', JoinSource = 'None' } = input.DataProcessing ?? {};
  const inputFilter = pathOf('InputFilter', InputFilter);
  const outputFilter = pathOf('OutputFilter', OutputFilter);
  const join = JoinSource === 'Input';
  if (join || inputFilter.length > 0 || outputFilter.length > 0) refuseProcessing(input, [inputFilter, outputFilter]);
  const { MaxPayloadInMB = limits.usualMb } = input;
  return {
    contentType: input.TransformInput.ContentType ?? 'application/octet-stream',
    accept: input.TransformOutput.Accept,
    byLine: input.TransformInput.SplitType === 'Line',
    // Without a strategy the job's log says MULTI_RECORD (aws/amazon-sagemaker-examples#1620).
    oneRecord: input.BatchStrategy === 'SingleRecord',
    // 0: the payload is streamed.
    largestBytes: MaxPayloadInMB === 0 ? undefined : MaxPayloadInMB * megabyte,
    assembleLines: input.TransformOutput.AssembleWith === 'Line',
    join,
    inputFilter,
    outputFilter,
    lastIncluded,
  };
};
