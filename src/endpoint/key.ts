import { digest } from '../digest.ts';
import type { Account } from '../world.ts';

/**
 * Names one endpoint of one account and region: `churn-1a2b3c4d`. For GitHub's `concurrency` groups, which need a name before
 * the deploying job starts. The account only enters the hash: GitHub drops a job output that contains a masked account id.
 */
export const endpointKey = ({ partition, region, id }: Account, endpoint: string): string =>
  `${endpoint}-${digest({ partition, region, id, endpoint }).slice(0, 8)}`;
