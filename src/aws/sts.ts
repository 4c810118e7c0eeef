import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  AssumeRoleWithWebIdentityCommand,
  type AssumeRoleWithWebIdentityCommandInput,
  GetCallerIdentityCommand,
  STSClient,
  type STSClientConfig,
} from '@aws-sdk/client-sts';
import type { Sender } from './sender.ts';

/** Created here, beside the commands in use, so that a bundle leaves out all others. */
export const stsClient = (settings: STSClientConfig): STSClient => new STSClient(settings);

/** STS, one method per call. The host assumes roles (credentials.ts), so operations see `reads` only. */
export const sts = (send: Sender<STSClient>) => ({
  reads: {
    getCallerIdentity: () => send(new GetCallerIdentityCommand({})),
  },
  roles: {
    assumeRole: (input: AssumeRoleCommandInput) => send(new AssumeRoleCommand(input)),
    assumeRoleWithWebIdentity: (input: AssumeRoleWithWebIdentityCommandInput) =>
      send(new AssumeRoleWithWebIdentityCommand(input)),
  },
});
export type Sts = ReturnType<typeof sts>;
