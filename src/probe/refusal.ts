import { classify } from '../aws/errors.ts';

/** AWS refused a request: an answer like any other. */
export interface Refused {
  readonly code: string;
  readonly message: string;
  readonly status: number | undefined;
}

/** AWS's own refusal; undefined for an error of the network, of credentials, or of this program. */
export const refusalOf = (error: unknown): Refused | undefined => {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  const { httpStatusCode: status } = error.$metadata as { readonly httpStatusCode?: number };
  // AWS quotes the model's answer, which is the user's (AWS: InvokeEndpoint, ModelError).
  return { code: error.name, message: error.name === 'ModelError' ? '' : error.message, status };
};

/** A refusal that says nothing about the next call: without credentials, each would be refused. */
export const isOfOneCall = (error: unknown): boolean =>
  refusalOf(error) !== undefined && !/^(expired|no)-credentials$/.test(classify(error));

/**
 * AWS did not look at the request: the refusal is about the caller, his permissions, or the state of the service, and would pass for an answer
 * to a question.
 */
export const isNoAnswer = (error: unknown): boolean => {
  const kind = classify(error);
  // The state of a serverless endpoint, which a question is about.
  if (kind === 'throttled') return refusalOf(error)?.code !== 'ModelNotReadyException';
  return /^(access-denied|expired-credentials|no-credentials|clock-skew|transient|unreachable)$/.test(kind);
};
