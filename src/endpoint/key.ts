import { digest } from '../digest.ts';
import type { Account } from '../world.ts';

/**
 * The name of one endpoint in one account and region: `churn-1a2b3c4d`. GitHub's `concurrency` groups need it before the deploying
 * job starts. The account enters only the hash: GitHub drops a job output that contains a masked account id.
 */
export const endpointKey = ({ partition, region, id }: Account, endpoint: string): string =>
  `${endpoint.replaceAll(id, '')}-${digest({ partition, region, id, endpoint }).slice(0, 8)}`;
