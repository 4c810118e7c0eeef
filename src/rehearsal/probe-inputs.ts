import { regionPattern } from '../manifest/values.ts';
import { readRecording } from '../probe/recording.ts';
import { type Field, file, flag, InputError, optional, text } from '../schema.ts';
import { quoted } from '../secrets.ts';

const price: Field<number> = {
  kind: 'text',
  required: true,
  description:
    'Price of an instance for an hour, from the price list of AWS for your region: the cost is then printed as money. Default: instance-hours.',
  example: '0.065',
  parse: (value, source) => {
    if (!/^\d+(\.\d+)?$/.test(value))
      throw new InputError(`${source}: ${quoted(value)} is not a price; expected a number such as 0.065`);
    return Number(value);
  },
};

/** Inputs of the command `probe`, apart from its implementation, so that help does not load it. */
export const probeInputs = {
  only: optional(
    text({
      description: 'Ask only these questions, separated by commas; `--list` names them.',
      example: 'unapproved,same-config',
      pattern: /^[a-z-]+(,[a-z-]+)*$/,
      allowed: 'names of questions, separated by commas',
    }),
  ),
  list: flag({ description: 'Print the questions with their time and cost, and ask none.', default: false }),
  policy: flag({
    description: 'Print the policy that the questions need, for `role`, `bucket` and `pipeline-role`, and ask none.',
    default: false,
  }),
  simulator: flag({
    description: 'Ask a simulator on this machine, in virtual time, without an account.',
    default: false,
  }),
  replay: optional(
    file({
      description:
        'Read this recording: print the settings that it decides, ask a simulator with these settings the same questions, and compare the answers.',
      example: 'probe-2026-01-05.json',
      mostBytes: 64 * 1024 * 1024,
      parse: readRecording,
    }),
  ),
  clean: flag({
    description: 'Remove the objects that earlier probes left behind, found by name and tag, and ask nothing.',
    default: false,
  }),
  role: optional(
    text({
      description: 'ARN of a role that SageMaker assumes. It reads `model-data` and reads and writes `bucket`.',
      example: 'arn:aws:iam::111122223333:role/model-serving',
      pattern: /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
      allowed: "a role's ARN",
    }),
  ),
  image: optional(
    text({
      description: 'Image of a serving container that serves `model-data`.',
      example: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1',
      pattern: /^\S{1,255}$/,
      allowed: 'an image of ECR',
    }),
  ),
  'model-data': optional(
    text({
      description: 'A small model for it, in S3.',
      example: 's3://ml-artifacts/churn/model.tar.gz',
      pattern: /^s3:\/\/[^/\s]+\/\S+$/,
      allowed: 's3://<bucket>/<key>',
    }),
  ),
  bucket: optional(
    text({
      description:
        'A bucket without versioning. The probe writes and removes objects below `model-delivery-probe/`, and no others.',
      example: 'ml-scratch',
      // With a dot the certificate of S3 does not fit its host (S3 user guide, "Bucket naming rules").
      pattern: /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
      allowed: "a bucket's name without dots",
    }),
  ),
  'pipeline-role': optional(
    text({
      description:
        'ARN of a role that CodePipeline assumes, for the questions about pipelines. It needs no permissions; without it they are not decided.',
      example: 'arn:aws:iam::111122223333:role/pipelines',
      pattern: /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
      allowed: "a role's ARN",
    }),
  ),
  body: text({
    description: 'A request that the model answers.',
    default: '5.1,3.5,1.4,0.2',
  }),
  'content-type': text({ description: 'Its content type.', default: 'text/csv' }),
  instance: text({
    description: 'Instance type of the endpoints and transform jobs.',
    default: 'ml.m5.large',
    pattern: /^ml\.[a-z0-9-]+\.[a-z0-9]+$/,
    allowed: 'an instance type such as ml.m5.large',
  }),
  'hourly-price': optional(price),
  region: optional(
    text({
      description: 'AWS region; default: the one of the environment variables.',
      pattern: regionPattern,
      allowed: 'a region such as eu-west-1',
    }),
  ),
  yes: flag({ description: 'Begin, or remove with `--clean`, without asking for consent.', default: false }),
  out: optional(
    text({
      description: 'File for the recording; it must not exist. Default: `probe-<date>.json`.',
      example: 'probe.json',
    }),
  ),
};
