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
  return { code: error.name, message: error.message, status };
};
