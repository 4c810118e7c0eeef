import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { approvalWarnings } from '../../../src/commands/lint/approval-warnings.ts';
import { environmentsOf } from '../../../src/init/environments.ts';
import { rolesOf } from '../../../src/init/roles.ts';
import { flowNames, type Setup } from '../../../src/init/setup.ts';
import { loadManifest } from '../../../src/manifest/load.ts';
import { usualNames } from '../../../src/manifest/versions.ts';
import { branchKind } from '../../../src/versions/branch.ts';
import { expectGolden } from '../../support/golden.ts';
import { contentAt, setupFor, unusual, writtenFor } from '../../support/init.ts';

describe.each(flowNames)('a repository for %s', (flow) => {
  const files = writtenFor(setupFor(flow));
  const pages = files.filter(({ path }) => !path.startsWith('delivery/roles/'));

  it.each(pages.map(({ path }) => path))('has %s as in test/golden/init', (path) => {
    expectGolden(`init/${flow}/${path.replace('.github/', '')}`, contentAt(files, path));
  });

  it.each([
    ['the usual names', setupFor(flow)],
    ['other names', unusual(flow)],
  ])('has a manifest that loads, with %s', (_title, setup) => {
    const manifest = loadManifest(contentAt(writtenFor(setup), 'delivery.yml'), 'delivery.yml');
    expect(manifest.model).toBe(setup.model);
    const all = Object.entries(manifest.environments).map(([name, { after, role, rollbackRole }]) => [
      name,
      { after, role, rollbackRole },
    ]);
    const { dev, staging, production } = setup;
    expect(Object.fromEntries(all)).toEqual({
      ...(dev && { [dev.name]: { role: 'fraud-test-deployer', rollbackRole: 'fraud-test-restorer' } }),
      [staging.name]: { role: `${staging.endpoint}-deployer`, rollbackRole: `${staging.endpoint}-restorer` },
      [production.name]: { after: staging.name, role: 'fraud-deployer', rollbackRole: 'fraud-restorer' },
    });
  });

  it.each([
    ['the usual names', setupFor(flow)],
    ['other names', unusual(flow)],
    ['`master`', setupFor(flow, { branches: { main: 'master', develop: 'develop', byDefault: 'master' } })],
    [
      'the usual name of another branch',
      setupFor(flow, { branches: { main: 'develop', develop: 'dev', byDefault: 'develop' } }),
    ],
  ])('derives the versions of its branches, with %s', (_title, setup) => {
    const files = writtenFor(setup);
    const { versions = usualNames } = loadManifest(contentAt(files, 'delivery.yml'), 'delivery.yml');
    const { main, develop } = setup.branches;
    const isGitflow = flow === 'gitflow';
    expect(branchKind(versions, main)).toEqual({ is: 'main' });
    if (isGitflow) expect(branchKind(versions, develop)).toEqual({ is: 'develop' });
    // The workflow registers the pushes to these, and to no branch that would get a version of a feature branch.
    const caller = parse(contentAt(files, `.github/workflows/${flow}.yml`));
    const kinds = caller.on.push.branches.map(
      (branch: string) => branchKind(versions, branch.replace('/**', '/1.4.0')).is,
    );
    expect(kinds).toEqual(isGitflow ? ['develop', 'release', 'hotfix'] : ['main']);
  });

  it('names nothing of the examples', () => {
    for (const setup of [setupFor(flow), unusual(flow)])
      for (const { path, content } of writtenFor(setup)) expect([path, content.match(/churn/)]).toEqual([path, null]);
    const elsewhere = setupFor(flow, { source: { repository: 'acme/model-delivery', ref: 'v1' } });
    for (const { path, content } of writtenFor(elsewhere)) expect([path, content.match(/OWNER/)]).toEqual([path, null]);
  });

  it('has the usual name of an environment for another one, and names of the examples in its own', () => {
    const setup = setupFor(flow, {
      dev: { name: 'staging', endpoint: 'a-churn-tester-staging' },
      staging: { name: 'preprod', endpoint: 'a-churn-tester-preprod' },
      production: { name: 'production', endpoint: 'a-churn-tester' },
    });
    const caller = contentAt(writtenFor(setup), `.github/workflows/${flow}.yml`);
    expect(caller).toContain('planner-role: a-churn-tester-planner #');
    expect(caller).toContain('tester-role: a-churn-tester-tester #');
    if (flow === 'gitflow') expect(caller).toMatch(/^# Gitflow: `develop` is on staging, the branches .* are on\b/);
  });

  it('is read by the lint: with GitHub Flow the reviewers alone decide', async () => {
    const workflows = writtenFor(unusual(flow))
      .filter(({ path }) => path.startsWith('.github/'))
      .map(({ path, content }) => ({ path, text: content }));
    const warnings = await approvalWarnings(workflows);
    expect(warnings).toHaveLength(flow === 'github-flow' ? 1 : 0);
    if (flow === 'github-flow') expect(warnings[0]).toContain('the GitHub environment live');
  });

  it('has a GitHub environment for each subject of a trust policy, and the other way round', () => {
    const setup = unusual(flow);
    const subjects = JSON.stringify(rolesOf(setup).map(({ trust }) => trust)).match(/environment:[\w-]+/g) ?? [];
    expect([...new Set(subjects)].sort()).toEqual(
      environmentsOf(setup)
        .map(({ name }) => `environment:${name}`)
        .sort(),
    );
  });

  it('names the branch whose manifest an approved version gets, where it is not the main branch', () => {
    const page = (branches: Setup['branches']): string =>
      contentAt(writtenFor(setupFor(flow, { branches })), 'delivery/README.md');
    const about = /delivers to production with the `delivery\.yml` of `develop`/;
    expect(page({ main: 'main', develop: 'develop', byDefault: 'develop' })).toMatch(about);
    expect(page({ main: 'main', develop: 'develop', byDefault: 'main' })).not.toMatch(about);
  });

  it('names what a server lacks', () => {
    const onServer = (host: string): boolean =>
      contentAt(
        writtenFor(setupFor(flow, { repository: { host, owner: 'acme', name: 'scoring' } })),
        'delivery/README.md',
      ).includes('#github-enterprise-server-and-pinning');
    expect([onServer('ghe.acme.com'), onServer('acme.ghe.com'), onServer('github.com')]).toEqual([true, false, false]);
  });

  it('has reviewers for production alone', () => {
    const reviewed = environmentsOf(unusual(flow)).filter(({ reviewers }) => !reviewers.startsWith('none'));
    expect(reviewed.map(({ name }) => name)).toEqual(['live']);
  });
});
