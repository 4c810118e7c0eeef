import { namePattern } from '../manifest/values.ts';
import { parseContainers } from '../registry/containers-file.ts';
import { parseEvaluation } from '../registry/evaluation.ts';
import { parseAnalysisReport, parseDataConstraints } from '../registry/kept-reports.ts';
import { parseMetadata, parsePairs } from '../registry/metadata.ts';
import { parseModelCard } from '../registry/model-card.ts';
import { parseS3Location } from '../registry/s3-object.ts';
import { choice, type Field, file, flag, InputError, optional, text, type ValuesOf } from '../schema.ts';
import { keyOf, quoted } from '../secrets.ts';
import { sharedInputs } from './shared-inputs.ts';

/** Items separated by commas, spaces or line ends; none when the input is left out. */
const list = (options: {
  description: string;
  example: string;
  item: RegExp;
  allowed: string;
}): Field<readonly string[] | undefined> => ({
  kind: 'text',
  required: false,
  repeatable: true,
  description: options.description,
  example: options.example,
  parse: (value, source) => {
    const items = value.split(/[\s,]+/).filter((item) => item !== '');
    for (const item of items)
      if (!options.item.test(item))
        throw new InputError(`${source}: ${quoted(item)} is not allowed; expected ${options.allowed}`);
    return [...new Set(items)];
  },
});

/** The values may be secrets: only the keys are ever shown. A line without a key is not shown at all. */
const pairs = <Value>(options: {
  description: string;
  example: string;
  parse: Field<Value>['parse'];
}): Field<Value | undefined> => ({
  kind: 'text',
  required: false,
  repeatable: true,
  ...options,
  shown: (value) =>
    value
      .split(/\r?\n/)
      .map((line) => (/^\s*[^\s=]+\s*=/.test(line) ? keyOf(line.trim()) : line.trim() && '…'))
      .join('\n'),
});

export const registerModelInputs = {
  ...sharedInputs,
  version: text({
    description:
      'Semantic version to register, as `1.4.0`, `v1.4.0` or a git tag: `churn_v1.4.0`, `churn-v1.4.0`, `churn@1.4.0`, `churn/1.4.0`. `next` derives it from the branch and the commits since the newest version (docs/versions.md).',
    example: '1.4.0',
  }),
  from: optional(
    text({
      description:
        'Model package that others registered (a pipeline, Studio, MLflow), by its number or ARN, or a version of this suite such as a release candidate: it is registered again under `version`, with its content, metrics, baselines, lineage and metadata. An approval there is kept as history and approves nothing. `candidate`: the newest release candidate of `version`.',
      example: '7',
    }),
  ),
  'training-job': optional(
    text({
      description:
        'Completed training job to read image, artifact, final metrics, data location and hyperparameters from; explicit inputs win.',
      example: 'churn-2026-01-05',
      pattern: namePattern,
      allowed: 'the name of a training job: at most 63 letters, digits and hyphens',
    }),
  ),
  image: optional(
    text({
      description: 'Inference image in Amazon ECR. Needed unless `training-job`, `from` or `containers` has it.',
      example: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1.4.0',
      pattern: /^\S{1,255}$/,
      allowed: 'an image of at most 255 characters without spaces, as registry/repository:tag',
    }),
  ),
  artifact: optional({
    ...text({
      description:
        'Model artifact: a `.tar.gz`, or a prefix that ends with `/`, whose objects are used as they are. Left out, `training-job` has it, or the image brings its model.',
      example: 's3://ml-training/churn-2026-01-05/output/model.tar.gz',
    }),
    parse: (value: string, source: string) => {
      if (!/^s3:.*(\.tar\.gz|\/)$/.test(value) || parseS3Location(value) === undefined)
        throw new InputError(
          `${source}: ${quoted(value)} is not allowed; expected s3://bucket/key.tar.gz or s3://bucket/prefix/`,
        );
      return value;
    },
  }),
  containers: optional(
    file({
      description:
        "JSON file with the containers, for several of them or for members that have no input: a list in the form of CreateModelPackage's `InferenceSpecification.Containers`. Replaces `image`, `artifact` and `container-environment`.",
      example: 'containers.json',
      mostBytes: 256 * 1024,
      parse: parseContainers,
    }),
  ),
  evaluation: optional(
    file({
      description: "SageMaker's `evaluation.json`; kept beside the artifact and shown as the version's model quality.",
      example: 'evaluation.json',
      mostBytes: 4 * 1024 * 1024,
      parse: parseEvaluation,
    }),
  ),
  'data-constraints': optional(
    file({
      description:
        "`constraints.json` of a baseline job of Model Monitor over the training data; registered as the version's data quality and as the baseline of drift checks. `regression.contract` of the manifest compares requests with it.",
      example: 'constraints.json',
      mostBytes: 4 * 1024 * 1024,
      parse: parseDataConstraints,
    }),
  ),
  'bias-report': optional(
    file({
      description:
        '`analysis.json` of SageMaker Clarify with bias metrics; `regression.bias` of the manifest has rules for it.',
      example: 'analysis.json',
      mostBytes: 4 * 1024 * 1024,
      parse: parseAnalysisReport,
    }),
  ),
  'explainability-report': optional(
    file({
      description:
        '`analysis.json` of SageMaker Clarify with global SHAP values; may be the same file. `regression.attribution` of the manifest compares their order.',
      example: 'analysis.json',
      mostBytes: 4 * 1024 * 1024,
      parse: parseAnalysisReport,
    }),
  ),
  'model-card': optional(
    file({
      description:
        'JSON file with the content of the model card, by the schema for the card of a model package: `intended_uses`, `business_details`, … Its `risk_rating` of `High` has the effect of `risk: high` in the manifest.',
      example: 'model-card.json',
      mostBytes: 1024 * 1024,
      parse: parseModelCard,
    }),
  ),
  'approval-status': choice({
    description: 'Approval the version starts with. With `Approved` no approval gate holds it back.',
    choices: ['PendingManualApproval', 'Approved'],
    default: 'PendingManualApproval',
  }),
  description: optional(text({ description: 'News of this version; follows the version in the registry.' })),
  'container-environment': pairs({
    description: 'Variables of the container, one `KEY=value` per line.',
    example: 'SAGEMAKER_PROGRAM=inference.py',
    parse: (value: string, source: string) => {
      const variables = parsePairs(value, source);
      for (const [key, setting] of Object.entries(variables))
        if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,1023}$/.test(key) || setting.length > 1024)
          throw new InputError(
            `${source}: ${/\s/.test(key) ? 'a name' : quoted(key)} does not fit; names have letters, digits and _, values at most 1024 characters`,
          );
      if (Object.keys(variables).length > 100) throw new InputError(`${source}: SageMaker holds at most 100 variables`);
      return variables;
    },
  }),
  'content-types': list({
    description: 'Content types the model reads.',
    example: 'text/csv, application/json',
    item: /^\S{1,256}$/,
    allowed: 'content types such as text/csv',
  }),
  'response-types': list({
    description: 'Content types the model answers with.',
    example: 'text/csv',
    item: /^[-\w]+\/\S+$/,
    allowed: 'content types such as text/csv',
  }),
  'instance-types': list({
    description: 'Instance types the model may be served on; left out, any.',
    example: 'ml.m5.large, ml.c5.xlarge',
    item: /^ml\.[a-z0-9-]+\.[a-z0-9]+$/,
    allowed: 'instance types such as ml.m5.large',
  }),
  metadata: pairs({
    description: 'Further facts kept with the version, one `key=value` per line.',
    example: 'dataset=churn-2026-01',
    parse: parseMetadata,
  }),
  pin: flag({
    description:
      'Pin images to their digests and copy the model data to keys that are never overwritten. With `false` a moved tag or an overwritten object changes the deployed content.',
    default: true,
  }),
};
export type RegisterModelInputs = ValuesOf<typeof registerModelInputs>;
