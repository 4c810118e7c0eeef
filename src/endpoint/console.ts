import type { S3Location } from '../manifest/manifest.ts';
import type { Account } from '../world.ts';

/**
 * Behind the region. The partitions are those of the AWS SDK; the consoles of aws-iso, aws-iso-b, aws-iso-e and aws-iso-f have no public
 * address. AWS CLI `aws login` and the endpoints page of the AWS European Sovereign Cloud have that of aws-eusc.
 */
const consoles: Readonly<Record<string, string>> = {
  aws: '.console.aws.amazon.com',
  'aws-cn': '.console.amazonaws.cn',
  'aws-eusc': '.console.amazonaws-eusc.eu',
  'aws-us-gov': '.console.amazonaws-us-gov.com',
};

/** @param service with its path: `sagemaker/home` */
const page = ({ partition, region }: Account, service: string, rest: string): string | undefined => {
  const host = consoles[partition];
  return host === undefined ? undefined : `https://${region}${host}/${service}?region=${region}${rest}`;
};

/** The endpoint's page in the console of its partition; undefined in a partition whose console is not known. It has no account id. */
export const consolePage = (account: Account, endpoint: string): string | undefined =>
  page(account, 'sagemaker/home', `#/endpoints/${encodeURIComponent(endpoint)}`);

/** The alarms of the endpoint and its releases: their names begin with that of the endpoint. */
export const alarmsPage = (account: Account, endpoint: string): string | undefined =>
  page(account, 'cloudwatch/home', `#alarmsV2:?search=${encodeURIComponent(endpoint)}`);

/** Standard output of the containers, one stream for each variant and instance (SageMaker developer guide, "Log groups and streams"). */
export const logGroup = (endpoint: string): string => `/aws/sagemaker/Endpoints/${endpoint}`;

/** This console encodes a name twice, and writes `$` for `%`. */
export const logsPage = (account: Account, endpoint: string): string | undefined =>
  page(
    account,
    'cloudwatch/home',
    `#logsV2:log-groups/log-group/${encodeURIComponent(encodeURIComponent(logGroup(endpoint))).replaceAll('%', '$')}`,
  );

export const objectPage = (account: Account, { bucket }: S3Location, key: string): string | undefined =>
  page(account, `s3/object/${bucket}`, `&prefix=${encodeURIComponent(key)}`);
