/** By the beginnings of their regions; the partitions are those of the AWS SDK (botocore, `partitions.json`: `regionRegex`). */
const beginnings: readonly (readonly [region: RegExp, partition: string])[] = [
  [/^cn-/, 'aws-cn'],
  [/^us-gov-/, 'aws-us-gov'],
  [/^us-iso-/, 'aws-iso'],
  [/^us-isob-/, 'aws-iso-b'],
  [/^eu-isoe-/, 'aws-iso-e'],
  [/^us-isof-/, 'aws-iso-f'],
  [/^eusc-/, 'aws-eusc'],
];

export const partitionOf = (region: string): string =>
  beginnings.find(([pattern]) => pattern.test(region))?.[1] ?? 'aws';

/** AWS: "Service endpoints", the partitions aws and aws-cn. */
export const dnsSuffix = (region: string): string => (region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com');
