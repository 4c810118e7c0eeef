import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  AssumeRoleWithWebIdentityCommand,
  type AssumeRoleWithWebIdentityCommandInput,
  GetCallerIdentityCommand,
  type STSClient,
} from '@aws-sdk/client-sts';
import type { Sender } from './sender.ts';

/** STS, one method per call. Taking a role is the host's business (credentials.ts), so operations see `reads` only. */
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
