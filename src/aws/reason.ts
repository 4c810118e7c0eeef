import type { ReasonCode } from '../reason-codes.ts';
import { classify, type ErrorClass } from './errors.ts';

const reasons: Partial<Record<ErrorClass, ReasonCode>> = {
  'access-denied': 'access-denied',
  'expired-credentials': 'credentials-unavailable',
  'no-credentials': 'credentials-unavailable',
  quota: 'quota-exceeded',
  capacity: 'capacity-unavailable',
};

/** The reason code of an error that AWS answered with. */
export const reasonOfError = (error: unknown): ReasonCode => reasons[classify(error)] ?? 'aws-error';
