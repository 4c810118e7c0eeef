import type { Account } from '../world.ts';

/** Behind the region. */
const consoles: Readonly<Record<string, string>> = {
  aws: '.console.aws.amazon.com',
  'aws-cn': '.console.amazonaws.cn',
  'aws-us-gov': '.console.amazonaws-us-gov.com',
};

/** The endpoint's page in the console of its partition; undefined in a partition whose console is not known. It has no account id. */
export const consolePage = ({ partition, region }: Account, endpoint: string): string | undefined => {
  const host = consoles[partition];
  return host === undefined
    ? undefined
    : `https://${region}${host}/sagemaker/home?region=${region}#/endpoints/${encodeURIComponent(endpoint)}`;
};
