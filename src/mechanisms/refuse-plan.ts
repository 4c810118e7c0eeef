import { Refusal } from '../operation.ts';
import type { PlanRequest } from './mechanism.ts';

/**
 * Refuses a request that the mechanism cannot serve.
 * @throws {Refusal} `infeasible-rollout`
 */
export const refusePlan = ({ operation, record }: PlanRequest, because: string): never => {
  throw new Refusal('infeasible-rollout', `${operation} on ${record.endpoint}: ${because}`);
};
