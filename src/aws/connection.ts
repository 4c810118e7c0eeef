import { withoutUndefined } from '../without-undefined.ts';
import { type ProxySettings, transport } from './transport.ts';

export interface AwsConnection {
  readonly region: string;
  /** One URL for every service (`AWS_ENDPOINT_URL`): the simulator's, or another emulator's. */
  readonly endpointUrl?: string;
  readonly proxy?: ProxySettings;
  /** For the user agent: `model-delivery/<version>`. */
  readonly version: string;
}

/** The settings every SDK client is made with. Retry exists once, in retry.ts, so `maxAttempts` is 1. */
export const clientSettings = ({ region, endpointUrl, proxy, version }: AwsConnection) => ({
  region,
  maxAttempts: 1,
  customUserAgent: [['model-delivery', version]] satisfies [string, string][],
  requestHandler: transport(proxy),
  ...withoutUndefined({ endpoint: endpointUrl }),
});
