import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AwsConnection } from '../aws/connection.ts';
import { askCaller, type EarlyRequest } from '../aws/early-caller.ts';
import type { Identity } from '../aws/identity.ts';
import type { Env } from '../env.ts';
import { version } from '../version.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { environmentKeys } from './environment-keys.ts';
import { refuseUnusableVariables } from './unusable-variables.ts';

/** Whose the access keys in the variables are, asked before the rest of the program is loaded, so that its first answer is there by then. */
export interface EarlyQuestion extends EarlyRequest {
  readonly region: string;
  readonly endpointUrl?: string;
  readonly keys: Identity;
}

/**
 * @param region what the manifest seems to say; else that of the variables
 * @returns undefined where it takes more than keys and an address to ask
 */
export const askEarly = (
  env: Env,
  at: Date,
  signal: AbortSignal,
  region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'],
): EarlyQuestion | undefined => {
  const keys = environmentKeys(env);
  if (keys === undefined || region === undefined || !isPlain(env, region)) return undefined;
  const where = { region, ...withoutUndefined({ endpointUrl: env['AWS_ENDPOINT_URL'] || undefined }) };
  return { ...where, keys, ...askCaller({ ...where, version }, keys, at, signal) };
};

/** Whether the answer is the one that the usual way would get. */
export const isAbout = (asked: EarlyQuestion, connection: AwsConnection, keys: Identity | undefined): boolean =>
  asked.region === connection.region &&
  asked.endpointUrl === connection.endpointUrl &&
  asked.keys.accessKeyId === keys?.accessKeyId &&
  asked.keys.secretAccessKey === keys.secretAccessKey &&
  asked.keys.sessionToken === keys.sessionToken;

/** A proxy, another address, shared files and regions of other partitions are the SDK's and the transport's. */
const isPlain = (env: Env, region: string): boolean => {
  if (!/^(us-gov|us|eu|ap|sa|ca|me|af|il|mx|cn)-[a-z]+-\d+$/.test(region)) return false;
  if (
    Object.keys(env).some((name) => env[name] && /^(https?_proxy|AWS_ENDPOINT_URL_.+|AWS_(USE|IGNORE)_.+)$/i.test(name))
  )
    return false;
  const shared = [
    env['AWS_CONFIG_FILE'] || join(homedir(), '.aws', 'config'),
    env['AWS_SHARED_CREDENTIALS_FILE'] || join(homedir(), '.aws', 'credentials'),
  ];
  if (shared.some((path) => existsSync(path))) return false;
  try {
    refuseUnusableVariables(env);
    const address = env['AWS_ENDPOINT_URL'];
    return !address || new URL(address).href === `${new URL(address).origin}/`;
  } catch {
    return false;
  }
};
