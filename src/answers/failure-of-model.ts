/**
 * The failure of the model itself, which is an answer of its own: `the model answered with status 500`. AWS's message quotes the
 * container's answer, which may quote the request, so it is left out (rule 16).
 * @returns undefined for an error that is not the model's
 */
export const failureOfModel = (error: unknown): string | undefined => {
  if (!(error instanceof Error) || error.name !== 'ModelError') return undefined;
  const { OriginalStatusCode: status } = error as { readonly OriginalStatusCode?: number };
  return status === undefined ? 'the model failed' : `the model answered with status ${status}`;
};
