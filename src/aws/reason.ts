import type { ReasonCode } from '../reason-codes.ts';
import { classify, type ErrorClass, isUnreachable } from './errors.ts';

const reasons: Partial<Record<ErrorClass, ReasonCode>> = {
  'access-denied': 'access-denied',
  'expired-credentials': 'credentials-unavailable',
  'no-credentials': 'credentials-unavailable',
  quota: 'quota-exceeded',
  capacity: 'capacity-unavailable',
  unreachable: 'endpoint-unreachable',
  'clock-skew': 'clock-skew',
};

/** The reason code of an error that AWS answered with. */
export const reasonOfError = (error: unknown): ReasonCode =>
  reasons[classify(error)] ?? (isUnreachable(error) ? 'endpoint-unreachable' : 'aws-error');
