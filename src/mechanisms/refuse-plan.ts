import { Refusal } from '../operation.ts';
import type { PlanRequest } from './mechanism.ts';

/**
 * The mechanism does not do what the request is about.
 * @throws {Refusal} `infeasible-rollout`
 */
export const refusePlan = ({ operation, record }: PlanRequest, because: string): never => {
  throw new Refusal('infeasible-rollout', `${operation} on ${record.endpoint}: ${because}`);
};
