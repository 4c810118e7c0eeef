import type { Identity } from '../aws/identity.ts';
import type { Env } from '../env.ts';
import { withoutUndefined } from '../without-undefined.ts';

/**
 * Access keys that the variables hold, as the SDK's chain takes them before any other source (@aws-sdk/credential-provider-env).
 * @returns undefined where the chain has more to do than to read them
 */
export const environmentKeys = (env: Env): Identity | undefined => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId || !secretAccessKey || env['AWS_PROFILE'] || env['AWS_CREDENTIAL_SCOPE']) return undefined;
  const expiry = env['AWS_CREDENTIAL_EXPIRATION'];
  return {
    accessKeyId,
    secretAccessKey,
    ...withoutUndefined({
      sessionToken: env['AWS_SESSION_TOKEN'] || undefined,
      expiration: expiry ? new Date(expiry) : undefined,
    }),
  };
};
