import { AwsError } from '../contracts.ts';
import { notSimulated } from '../not-simulated.ts';

/** A policy document as a caller of IAM or STS writes it. @throws AwsError MalformedPolicyDocument */
export const documentOf = (text: string): object => {
  try {
    const document: unknown = JSON.parse(text);
    if (document !== null && typeof document === 'object' && !Array.isArray(document)) return document;
  } catch {
    // The same refusal as for another JSON value.
  }
  throw malformed('This policy contains invalid Json');
};

/** A policy's own mistake is AWS's refusal; an element that is not evaluated here is not AWS's. */
export const judged = <Value>(read: () => Value): Value => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw /not evaluated here|not known here|does not carry|does not compare|does not take/.test(error.message)
      ? notSimulated(error.message)
      : malformed(error.message);
  }
};

const malformed = (message: string): AwsError => new AwsError('MalformedPolicyDocument', message);
