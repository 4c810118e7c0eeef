import { describe, expect, test } from '@jest/globals';
import { programVariables } from '../../../src/session/program-variables.ts';

const env = {
  PATH: '/usr/bin',
  HOME: '/home/runner',
  GITHUB_WORKSPACE: '/work',
  GITHUB_SHA: 'c0ffee',
  GITHUB_TOKEN: 'of the step',
  RUNNER_TRACKING_ID: 'github_1',
  HTTPS_PROXY: 'http://proxy:3128',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
  MLFLOW_TRACKING_URI: 'https://mlflow.example',
};
const withheld = {
  GITHUB_OUTPUT: '/f/output',
  GITHUB_STATE: '/f/state',
  GITHUB_ENV: '/f/env',
  GITHUB_PATH: '/f/path',
  GITHUB_STEP_SUMMARY: '/f/summary',
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't',
  ACTIONS_RUNTIME_TOKEN: 't',
  INPUT_VERSION: '1.4.0',
  'INPUT_RESUME-TOKEN': 'x',
  STATE_token: 'x',
  MODEL_DELIVERY_CLOCK: 'http://127.0.0.1:1',
  MODEL_DELIVERY_VARIANT: 'of an earlier run',
};
const ways = {
  AWS_ACCESS_KEY_ID: 'AKIAOFTHEJOB',
  AWS_SECRET_ACCESS_KEY: 'secret of the job',
  AWS_SESSION_TOKEN: 'token of the job',
  AWS_PROFILE: 'deployer',
  AWS_DEFAULT_PROFILE: 'deployer',
  AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/deployer',
  AWS_WEB_IDENTITY_TOKEN_FILE: '/token',
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/1',
  AWS_CONTAINER_AUTHORIZATION_TOKEN: 't',
};
const regions = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' };

describe('the variables of a program of the user', () => {
  test('are those of the run, without the ways to its outputs, inputs and tokens', () => {
    expect(programVariables({ ...env, ...withheld, AWS_REGION: 'us-east-1' }, 'eu-west-1', undefined)).toEqual({
      ...env,
      ...regions,
    });
  });

  test('without keys of its own it has the credentials of the run', () => {
    expect(programVariables({ ...env, ...ways }, 'eu-west-1', undefined)).toEqual({ ...env, ...ways, ...regions });
  });

  test('with keys of its own it has no other way to credentials', () => {
    const identity = { accessKeyId: 'ASIA', secretAccessKey: 's', sessionToken: 't' };
    expect(programVariables({ ...env, ...ways, PATH: undefined }, 'eu-west-1', identity)).toEqual({
      ...Object.fromEntries(Object.entries(env).filter(([name]) => name !== 'PATH')),
      ...regions,
      AWS_ACCESS_KEY_ID: 'ASIA',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_SESSION_TOKEN: 't',
    });
  });
});
