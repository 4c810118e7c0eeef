import { withoutUndefined } from '../without-undefined.ts';

/** A request to a model, as InvokeEndpoint takes it. */
export interface Invocation {
  readonly EndpointName: string;
  readonly TargetVariant?: string;
  readonly Body: Buffer;
  readonly ContentType: string;
  readonly Accept?: string;
}

/** The variant is undefined where the endpoint has one. */
export const invocationOf = (
  { endpoint, variant }: { readonly endpoint: string; readonly variant?: string | undefined },
  { contentType, accept }: { readonly contentType: string; readonly accept?: string },
  body: Buffer,
): Invocation => ({
  EndpointName: endpoint,
  Body: body,
  ContentType: contentType,
  ...withoutUndefined({ Accept: accept, TargetVariant: variant }),
});
