/** Answers of STS as they were recorded from AWS, in the snapshots of localstack/localstack (tests/aws/services/sts). */
import { AssumeRoleCommand, AssumeRoleWithSAMLCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Account, openAccount, refusalOf } from '../support/account.ts';

let account: Account;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => account.simulator.close());

test.each([
  'nothing-valid-in-here',
  'arn::b:::something/test-role',
  'arn:a::::something/test-role',
  'arn:a:::something/test-role',
  'arn:a:a::aaaaaaaaaa:',
])('the role %s is ill-formed', async (RoleArn) => {
  const call = account.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'release-7' }));
  expect(await refusalOf(call)).toBe(`ValidationError: ${RoleArn} is invalid`);
});

test('SAML, whose calls have no signature, is refused by its name', async () => {
  const arns = {
    RoleArn: 'arn:aws:iam::111122223333:role/r',
    PrincipalArn: 'arn:aws:iam::111122223333:saml-provider/p',
  };
  const call = account.sts.send(new AssumeRoleWithSAMLCommand({ ...arns, SAMLAssertion: 'bm9uZQ==' }));
  expect(await refusalOf(call)).toBe('NotSimulated: not simulated: sts AssumeRoleWithSAML');
});
