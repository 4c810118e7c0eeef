import type { Identity } from '../aws/identity.ts';
import type { Env } from '../env.ts';
import { withoutUndefined } from '../without-undefined.ts';

/**
 * Variables that a program of the user does not get: files in which the runner takes outputs and steps, inputs and state of the action,
 * tokens by which the job takes roles and writes caches, and those of this suite.
 */
const kept = /^(?:GITHUB_(?:OUTPUT|STATE|ENV|PATH|STEP_SUMMARY)|(?:INPUT|STATE|ACTIONS|MODEL_DELIVERY)_.*)$/i;

/** Other ways to credentials than keys in variables (AWS SDKs and tools reference guide, "Environment variables support"). */
const credentials =
  /^AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|SECURITY_TOKEN|CREDENTIAL_EXPIRATION|PROFILE|DEFAULT_PROFILE|ROLE_ARN|ROLE_SESSION_NAME|WEB_IDENTITY_TOKEN_FILE|CONTAINER_.*)$/;

/**
 * The variables of the run as a program of the user gets them.
 * @param identity the keys it is to work with; undefined: those of the run, by whatever way they come
 */
export const programVariables = (env: Env, region: string, identity: Identity | undefined): Record<string, string> => ({
  ...withoutUndefined(
    Object.fromEntries(
      Object.entries(env).filter(
        ([name]) => !kept.test(name) && (identity === undefined || !credentials.test(name.toUpperCase())),
      ),
    ),
  ),
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  ...withoutUndefined({
    AWS_ACCESS_KEY_ID: identity?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: identity?.secretAccessKey,
    AWS_SESSION_TOKEN: identity?.sessionToken,
  }),
});
