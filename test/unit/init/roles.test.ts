import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { rolesOf } from '../../../src/init/roles.ts';
import { documentsFor, type IamPolicy, type PublishedName } from '../../../src/permissions.ts';
import { setupFor, unusual } from '../../support/init.ts';

const roles = (setup = setupFor('github-flow')) => new Map(rolesOf(setup).map((role) => [role.name, role]));

describe('the roles', () => {
  it('have these policies', () => {
    const names = [...roles()].map(([name, { policies }]) => [name, Object.keys(policies)]);
    expect(Object.fromEntries(names)).toEqual({
      'fraud-planner': ['register-model', 'plan-staging', 'plan-production'],
      'fraud-tester': [
        'regression-test-reads-staging',
        'regression-test-changes-staging',
        'regression-test-reads-production',
        'regression-test-changes-production',
      ],
      'fraud-staging-deployer': ['deploy-endpoint-reads', 'deploy-endpoint-changes'],
      'fraud-staging-restorer': ['rollback'],
      'fraud-deployer': ['deploy-endpoint-reads', 'deploy-endpoint-changes', 'after-staging'],
      'fraud-restorer': ['rollback'],
    });
  });

  it('have the published policies of docs/permissions: no other action, resource or condition', () => {
    const setup = setupFor('github-flow');
    const { production, shared, account, model } = setup;
    const kmsAlias = 'alias/ml';
    const place = { ...account, ...shared, kmsAlias, account: account.id, model, endpoint: production.endpoint };
    const published = (name: PublishedName): Readonly<Record<string, IamPolicy>> => documentsFor(name, place);
    const withKey = roles({ ...setup, shared: { ...shared, kmsAlias } });
    expect(withKey.get('fraud-restorer')?.policies).toEqual(published('rollback'));
    expect(withKey.get('fraud-deployer')?.policies).toMatchObject(published('deploy-endpoint'));
    const { 'register-model': register } = published('register-model');
    const written = withKey.get('fraud-planner')?.policies['register-model'];
    expect(JSON.stringify(written).replace('["Approved","PendingManualApproval"]', '"PendingManualApproval"')).toBe(
      JSON.stringify(register),
    );
  });

  it('have no statement about a key where the endpoint has none', () => {
    const sids = (policies: readonly IamPolicy[]): readonly string[] =>
      policies.flatMap(({ Statement }) => Statement.map(({ Sid }) => Sid));
    const written = sids([...roles().values()].flatMap(({ policies }) => Object.values(policies)));
    expect(written).toContain('ReadTheEndpoint');
    expect(written).not.toContain('LetSageMakerUseTheKey');
    expect(JSON.stringify([...roles()])).not.toContain('alias/');
  });

  it('fit into the quotas of IAM', () => {
    const { dev, ...two } = unusual('gitflow');
    const long = (end: string): string => `${'e'.repeat(48 - end.length)}${end}`;
    const longest = {
      ...two,
      ...(dev && { dev: { ...dev, endpoint: long('-dev') } }),
      staging: { name: 'n'.repeat(32), endpoint: long('-staging') },
      production: { name: 'p'.repeat(32), endpoint: long('') },
    };
    for (const { name, policies, trust } of rolesOf(longest)) {
      expect(name.length).toBeLessThanOrEqual(64);
      expect(Object.keys(policies).length).toBeLessThanOrEqual(10);
      // IAM: 2,048 characters by default.
      expect(JSON.stringify(trust).length).toBeLessThanOrEqual(2048);
      for (const [file, document] of Object.entries(policies)) {
        expect(`${name}-${file}`.length).toBeLessThanOrEqual(128);
        expect([file, JSON.stringify(document).length <= 6144]).toEqual([file, true]);
      }
    }
  });

  it('let in who docs/workflows.md lets in', () => {
    const page = readFileSync('docs/workflows.md', 'utf8');
    const [deployer, planner, restorer] = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = '']) =>
      JSON.parse(json),
    );
    const setup = setupFor('github-flow', {
      model: 'churn',
      repository: { host: 'github.com', owner: 'acme', name: 'churn', ids: { owner: '123456', repository: '789012' } },
    });
    const one = (name: string) => roles(setup).get(name)?.trust.Statement[0];
    const asWritten = ({ Statement: [{ Action, ...rest }] }: { Statement: [Record<string, unknown>] }) => ({
      Sid: 'LetItsJobsIn',
      ...rest,
      Action: [Action],
    });
    const sorted = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value), (_key, member: unknown) => (Array.isArray(member) ? member.sort() : member));
    expect(sorted(one('fraud-deployer'))).toEqual(sorted(asWritten(deployer)));
    expect(sorted(one('fraud-restorer'))).toEqual(sorted(asWritten(restorer)));
    expect(sorted(one('fraud-planner')?.Condition['StringLike']?.['token.actions.githubusercontent.com:sub'])).toEqual(
      sorted(planner),
    );
  });

  it('trust the server of GitHub Enterprise', () => {
    const setup = setupFor('gitflow', { repository: { host: 'ghe.acme.com', owner: 'acme', name: 'scoring' } });
    const trust = roles(setup).get('fraud-deployer')?.trust.Statement[0];
    expect(trust?.Principal.Federated).toBe('arn:aws:iam::111122223333:oidc-provider/ghe.acme.com/_services/token');
    expect(trust?.Condition['StringEquals']).toEqual({
      'ghe.acme.com/_services/token:aud': 'sts.amazonaws.com',
      'ghe.acme.com/_services/token:sub': ['repo:acme/scoring:environment:production'],
    });
  });
});
