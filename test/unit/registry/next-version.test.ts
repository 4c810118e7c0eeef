import { describe, expect, test } from '@jest/globals';
import type { GitHub } from '../../../src/github/github.ts';
import { MissingPermission } from '../../../src/github/refusal.ts';
import { usualNames } from '../../../src/manifest/versions.ts';
import { registerModel } from '../../../src/operations/register-model.ts';
import { nextVersion } from '../../../src/registry/next-version.ts';
import type { Commits, World } from '../../../src/world.ts';
import { createHistory, type History } from '../../support/history.ts';
import { account, inputs, manifest, otherDigest } from '../../support/registration.ts';
import type { RegistryAws } from '../../support/registry-aws.ts';
import { runTurns } from '../../support/run-turns.ts';

const worldAt = (
  aws: RegistryAws,
  history: History,
  branch: string,
  sha?: string,
  changes: Partial<World> = {},
): World => {
  const commit = sha ?? history.commits.at(-1)?.sha ?? '';
  return {
    ...aws.world({ run: { commit, ref: `refs/heads/${branch}` } }),
    commits: history.at(branch, commit),
    ...changes,
  };
};

/** Registers one model for each commit: another image each time. */
const register = async (world: World, aws: RegistryAws, version = 'next', image = world.run.commit ?? '') => {
  aws.images.set(`111122223333/churn:${image}`, `sha256:${image.padEnd(64, '0').slice(0, 64)}`);
  return (
    await runTurns(
      registerModel,
      inputs({ version, image: `111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:${image}` }),
      world,
    )
  ).end;
};
const versionsOf = (aws: RegistryAws) =>
  aws.packages.map(({ input }) => String(input['ModelPackageDescription']).split(' ')[0]?.replace('churn_v', ''));
const set = (aws: RegistryAws, number: number, name: string, value: string | undefined) => {
  const metadata = aws.packages[number - 1]?.input['CustomerMetadataProperties'] as Record<string, string | undefined>;
  metadata[name] = value;
};

describe('GitHub Flow', () => {
  test('main rises by its commits', async () => {
    const aws = account();
    const history = createHistory();
    for (const [message, version] of [
      ['feat: a model', '1.0.0'],
      ['fix: the scaler', '1.0.1'],
      ['Merge pull request #7', '1.0.2'],
      ['feat: more columns', '1.1.0'],
      ['feat!: other columns', '2.0.0'],
    ] as const) {
      history.commit(message);
      expect(await register(worldAt(aws, history, 'main'), aws)).toMatchObject({
        reason: 'registered',
        outputs: { version, tag: `churn_v${version}` },
      });
    }
    expect(versionsOf(aws)).toEqual(['1.0.0', '1.0.1', '1.0.2', '1.1.0', '2.0.0']);
  });

  test('all commits since the version count, also those that were not registered', async () => {
    const aws = account();
    const history = createHistory();
    history.commit('feat: a model');
    await register(worldAt(aws, history, 'main'), aws);
    for (const message of ['feat: x', 'docs: y', 'fix: z']) history.commit(message);
    expect(await nextVersion(worldAt(aws, history, 'main'), manifest)).toEqual({
      version: '1.1.0',
      commit: history.commits.at(-1)?.sha,
      branch: 'main',
      base: '1.0.0',
      commits: 3,
      because: 'minor version after 1.0.0: 1 feature among 3 commits since then',
    });
  });

  test('a feature branch has a version of its commit', async () => {
    const aws = account();
    const history = createHistory();
    const base = history.commit('feat: a model');
    await register(worldAt(aws, history, 'main'), aws);
    const mine = history.commit('feat: x', base);
    history.commit('fix: y', base);
    await register(worldAt(aws, history, 'main'), aws);
    // It began before the newest version, and is not behind it.
    const world = worldAt(aws, history, 'feature/x', mine);
    expect((await register(world, aws)).outputs).toMatchObject({ version: `1.1.0-dev.${mine.slice(0, 12)}` });
    expect((await register(world, aws)).reason).toBe('already-registered');
  });
});

describe('Gitflow', () => {
  test('one release: alphas, candidates, the final version, a hotfix', async () => {
    const aws = account();
    const history = createHistory();
    const steps: [string, string, string][] = [
      ['develop', 'feat: a', '1.0.0-alpha.1'],
      ['develop', 'feat: b', '1.0.0-alpha.2'],
      ['release/1.0.0', 'fix: c', '1.0.0-rc.1'],
      ['release/1.0.0', 'fix: d', '1.0.0-rc.2'],
      ['main', "Merge branch 'release/1.0.0'", '1.0.0'],
      ['hotfix/1.0.1', 'fix: e', '1.0.1-rc.1'],
      ['main', "Merge branch 'hotfix/1.0.1'", '1.0.1'],
      ['develop', 'feat: f', '1.1.0-alpha.1'],
      ['release/2.0.0', 'feat!: g', '2.0.0-rc.1'],
      ['develop', 'feat: h', '2.1.0-alpha.1'],
      ['main', "Merge branch 'release/2.0.0'", '2.0.0'],
    ];
    for (const [branch, message] of steps) {
      history.commit(message);
      await register(worldAt(aws, history, branch), aws);
    }
    expect(versionsOf(aws)).toEqual(steps.map(([, , version]) => version));
  });

  test('a candidate that main does not contain, or that was rejected, decides nothing', async () => {
    const aws = account();
    const history = createHistory();
    const start = history.commit('feat: a');
    await register(worldAt(aws, history, 'main'), aws);
    const candidate = history.commit('fix: b', start);
    await register(worldAt(aws, history, 'release/1.7.0', candidate), aws);
    const beside = history.commit('fix: c', start);
    expect((await nextVersion(worldAt(aws, history, 'main', beside), manifest)).version).toBe('1.0.1');
    const merge = history.commit('Merge', beside, candidate);
    expect((await nextVersion(worldAt(aws, history, 'main', merge), manifest)).version).toBe('1.7.0');
    const [, registered] = aws.packages;
    if (registered) registered.approval = 'Rejected';
    expect((await nextVersion(worldAt(aws, history, 'main', merge), manifest)).version).toBe('1.0.1');
  });

  test('a commit of two branches has a version of each', async () => {
    const aws = account();
    const history = createHistory();
    history.commit('fix: b');
    expect((await register(worldAt(aws, history, 'release/1.0.0'), aws)).outputs).toMatchObject({
      version: '1.0.0-rc.1',
    });
    expect((await register(worldAt(aws, history, 'main'), aws)).outputs).toMatchObject({ version: '1.0.0' });
    expect((await register(worldAt(aws, history, 'release/1.0.0'), aws)).outputs).toMatchObject({
      version: '1.0.0-rc.1',
    });
    expect((await register(worldAt(aws, history, 'main'), aws)).outputs).toMatchObject({ version: '1.0.0' });
  });
});

describe('the same commit again', () => {
  test('has the same version, also after others', async () => {
    const aws = account();
    const history = createHistory();
    const shas = ['feat: a', 'feat: b', 'feat: c'].map((message) => history.commit(message));
    for (const sha of shas) await register(worldAt(aws, history, 'main', sha), aws);
    const made = versionsOf(aws);
    for (const [index, sha] of shas.entries())
      expect(await register(worldAt(aws, history, 'main', sha), aws)).toMatchObject({
        reason: 'already-registered',
        outputs: { version: made[index] },
      });
    expect(await nextVersion(worldAt(aws, history, 'main', shas[1]), manifest)).toMatchObject({
      version: '1.1.0',
      registeredAs: 2,
      because: 'package 2 was registered for this commit',
    });
  });

  test('with another model is refused: the commit has a version', async () => {
    const aws = account();
    const history = createHistory();
    history.commit('feat: a');
    const world = worldAt(aws, history, 'main');
    await register(world, aws);
    await expect(register(world, aws, 'next', 'other-training')).rejects.toMatchObject({
      reason: 'version-taken',
      message: expect.stringContaining('this commit has that version already'),
    });
    expect(aws.packages).toHaveLength(1);
  });

  test('of a package that was taken over: its own commit is that of its training', async () => {
    const aws = account();
    const history = createHistory();
    history.commit('fix: trained');
    await register(worldAt(aws, history, 'release/1.0.0'), aws);
    const merge = history.commit("Merge branch 'release/1.0.0'");
    const world = worldAt(aws, history, 'main', merge);
    const promoted = inputs({ version: 'next', from: 'v1.0.0-rc.1', image: undefined, artifact: undefined });
    expect((await runTurns(registerModel, promoted, world)).end.outputs).toMatchObject({ version: '1.0.0' });
    expect(aws.packages[1]?.input['CustomerMetadataProperties']).toMatchObject({
      'git-sha': history.commits[0]?.sha,
      'version-commit': merge,
    });
    expect((await runTurns(registerModel, promoted, world)).end).toMatchObject({
      reason: 'already-registered',
      outputs: { version: '1.0.0' },
    });
    history.commit('fix: y');
    expect(await nextVersion(worldAt(aws, history, 'main'), manifest)).toMatchObject({ version: '1.0.1', commits: 1 });
  });
});

describe('the content of a candidate', () => {
  /** 1.3.0 on main, and 1.4.0-rc.1 on a release branch after it, that main does not contain. */
  const prepared = async () => {
    const aws = account();
    const history = createHistory();
    history.commit('feat: a');
    await register(worldAt(aws, history, 'main'), aws, '1.3.0');
    const candidate = history.commit('feat: b');
    await register(worldAt(aws, history, 'release/1.4.0'), aws);
    return { aws, history, candidate };
  };
  const promotion = (from: string, version = 'next') =>
    inputs({ version, from, image: undefined, artifact: undefined });

  test.each(['1.4.0-rc.1', 'churn_v1.4.0-rc.1', '2', 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/2'])(
    'is not registered as another version after a squash merge: %s',
    async (from) => {
      const { aws, history } = await prepared();
      const squashed = history.commit('Release 1.4.0 (#12)', history.commits[0]?.sha ?? '');
      const world = worldAt(aws, history, 'main', squashed);
      expect((await nextVersion(world, manifest)).version).toBe('1.3.1');
      await expect(runTurns(registerModel, promotion(from), world)).rejects.toMatchObject({
        reason: 'invalid-input',
        message:
          'version: next is 1.3.1 on main, but from names 1.4.0-rc.1, a candidate of 1.4.0: merge a release candidate by a merge commit, so that main contains its commit; or give the version itself, e.g. 1.4.0',
      });
      expect(versionsOf(aws)).toEqual(['1.3.0', '1.4.0-rc.1']);
      expect((await runTurns(registerModel, promotion(from, '1.4.0'), world)).end.outputs).toMatchObject({
        version: '1.4.0',
      });
    },
  );

  test('becomes its final version after a merge commit; content of others becomes any', async () => {
    const { aws, history } = await prepared();
    history.commit("Merge branch 'release/1.4.0'");
    const world = worldAt(aws, history, 'main');
    expect((await runTurns(registerModel, promotion('1.4.0-rc.1'), world)).end.outputs).toMatchObject({
      version: '1.4.0',
    });
    history.commit('fix: c');
    const later = worldAt(aws, history, 'main');
    expect((await runTurns(registerModel, promotion('1'), later)).end.outputs).toMatchObject({ version: '1.4.1' });
  });

  test('becomes the candidate that a release branch names', async () => {
    const { aws, history } = await prepared();
    history.commit('feat!: c');
    const world = worldAt(aws, history, 'release/2.0.0');
    expect((await runTurns(registerModel, promotion('1.4.0-rc.1'), world)).end.outputs).toMatchObject({
      version: '2.0.0-rc.1',
    });
  });
});

describe('two commits at once that derive one version', () => {
  /** The second run lists before the first one has created its package, and creates after it. */
  const race = async (first: World, second: World, aws: RegistryAws) => {
    let met = false;
    const create = second.write?.sagemaker.createModelPackage;
    if (!second.write || !create) throw new Error('no writes');
    const meeting: World = {
      ...second,
      write: {
        ...second.write,
        sagemaker: {
          ...second.write.sagemaker,
          createModelPackage: async (input) => {
            if (!met) await register(first, aws);
            met = true;
            return create(input);
          },
        },
      },
    };
    return register(meeting, aws);
  };

  test('the later one is rejected; its run names the remedy, and gets the next version when it is run again', async () => {
    const aws = account({ tokens: 'forgotten' });
    const history = createHistory();
    const start = history.commit('feat: a');
    await register(worldAt(aws, history, 'main', start), aws);
    const one = history.commit('feat: b');
    const two = history.commit('feat: c');
    const end = await race(worldAt(aws, history, 'main', one), worldAt(aws, history, 'main', two), aws);
    expect(end).toMatchObject({
      outcome: 'failed',
      reason: 'version-taken',
      because:
        'churn_v1.1.0 is package 2; package 3 came later and was rejected; run again: this commit gets the version after it',
    });
    expect(aws.packages[2]).toMatchObject({
      approval: 'Rejected',
      approvalDescription: 'churn_v1.1.0 is package 2; package 3 came later',
    });
    expect((await register(worldAt(aws, history, 'main', two), aws)).outputs).toMatchObject({ version: '1.2.0' });
  });

  test('a version that is taken between plan and creation is planned again, with a remark', async () => {
    const aws = account();
    const history = createHistory();
    history.commit('feat: a');
    await register(worldAt(aws, history, 'main'), aws);
    const one = history.commit('feat: b');
    const two = worldAt(aws, history, 'main', history.commit('feat: c'));
    const wanted = inputs({ version: 'next' });
    const planned = await registerModel.advance(wanted, undefined, two);
    expect(planned.plan?.title).toBe('register churn_v1.1.0');
    await register(worldAt(aws, history, 'main', one), aws);
    const writes = aws.writes().length;
    const again = await registerModel.advance(wanted, planned.is === 'waiting' ? planned.memory : undefined, two);
    expect(again.plan?.title).toBe('register churn_v1.2.0');
    expect(again.remarks).toEqual([expect.stringContaining('the next version changed since they were planned')]);
    expect(aws.writes()).toHaveLength(writes);
  });

  test('a run that dies before it rejects its own is cleaned up by its re-run, with any model', async () => {
    const aws = account({ tokens: 'forgotten' });
    const history = createHistory();
    history.commit('feat: a');
    await register(worldAt(aws, history, 'main'), aws);
    const one = history.commit('feat: b');
    const two = history.commit('feat: c');
    const dying = worldAt(aws, history, 'main', two);
    const update = async () => {
      throw new Error('killed');
    };
    const mortal = dying.write && {
      ...dying,
      write: { ...dying.write, sagemaker: { ...dying.write.sagemaker, updateModelPackage: update } },
    };
    if (!mortal) throw new Error('no writes');
    await expect(race(worldAt(aws, history, 'main', one), mortal, aws)).rejects.toThrow('killed');
    expect(aws.packages[2]?.approval).toBe('PendingManualApproval');
    expect(await register(worldAt(aws, history, 'main', two), aws, 'next', 'trained-again')).toMatchObject({
      reason: 'version-taken',
      because: expect.stringContaining('run again'),
    });
    expect(aws.packages[2]?.approval).toBe('Rejected');
    expect((await register(worldAt(aws, history, 'main', two), aws)).outputs).toMatchObject({ version: '1.2.0' });
  });
});

describe('a model that is one folder of its repository', () => {
  const paths = ['models/churn', 'shared'];
  const ofFolders = { ...manifest, versions: { ...usualNames, paths } };
  const prepared = async (compare: Commits['compare']) => {
    const aws = account();
    const history = createHistory();
    history.commit('feat: a');
    await register(worldAt(aws, history, 'main'), aws);
    history.commit('feat!: of another model');
    history.commit('fix: of this model');
    const world = worldAt(aws, history, 'main');
    return { ...world, commits: { head: async () => undefined, compare } };
  };

  test('rises by the commits of its paths, from the checkout or from GitHub', async () => {
    const asked: unknown[] = [];
    const world = await prepared(async (_base, _head, paths) => {
      asked.push(paths);
      return { is: 'known', relation: 'ahead', messages: ['fix: of this model'] };
    });
    const derived = {
      version: '1.0.1',
      commits: 1,
      because:
        'patch version after 1.0.0: no feature and no breaking change among 1 commit since then in models/churn or shared',
    };
    expect(await nextVersion(world, ofFolders)).toMatchObject(derived);
    expect(asked).toEqual([paths]);
    const { commits: _none, ...atGitHub } = world;
    const compare: GitHub['compare'] = async (_base, _head, paths) => {
      asked.push(paths);
      return { relation: 'ahead', messages: ['fix: of this model'] };
    };
    const github = { repository: 'acme/churn', compare } as unknown as GitHub;
    expect(await nextVersion({ ...atGitHub, github }, ofFolders)).toMatchObject(derived);
    expect(asked).toEqual([paths, paths]);
  });

  test('contains a release candidate whose commit changed another folder', async () => {
    const aws = account();
    const history = createHistory();
    history.commit('feat: a');
    await register(worldAt(aws, history, 'release/1.0.0'), aws);
    history.commit("Merge branch 'release/1.0.0'");
    expect(await nextVersion(worldAt(aws, history, 'main'), ofFolders)).toMatchObject({ version: '1.0.0' });
  });

  test('is refused where the commit has no such folder, also when GitHub could compare', async () => {
    const world = await prepared(async () => ({ is: 'no-path', path: 'models/chrun' }));
    await expect(nextVersion(world, ofFolders)).rejects.toMatchObject({
      reason: 'invalid-input',
      message: `version: next: versions.paths names "models/chrun", and commit ${world.run.commit} has no such folder or file: write its path from the root of the repository`,
    });
  });
});

describe('without the history', () => {
  const unreadable: Commits = {
    head: async () => undefined,
    compare: async () => ({
      is: 'unreadable',
      because: 'the checkout has only a part of the history: set `fetch-depth: 0`',
    }),
  };
  const prepared = async () => {
    const aws = account();
    const history = createHistory();
    history.commit('feat: a');
    await register(worldAt(aws, history, 'main'), aws);
    history.commit('feat: b');
    return { aws, history };
  };
  const gitHub = (compare: GitHub['compare']): GitHub => ({ repository: 'acme/churn', compare }) as unknown as GitHub;

  test('it is refused with the remedy, and nothing is written', async () => {
    const { aws, history } = await prepared();
    const writes = aws.writes().length;
    await expect(
      register(worldAt(aws, history, 'main', undefined, { commits: unreadable }), aws),
    ).rejects.toMatchObject({
      reason: 'invalid-input',
      message: expect.stringContaining('`fetch-depth: 0`'),
    });
    expect(aws.writes()).toHaveLength(writes);
  });

  test('GitHub compares the commits', async () => {
    const { aws, history } = await prepared();
    const github = gitHub(async (base, head) => {
      expect([base, head]).toEqual(history.commits.map(({ sha }) => sha));
      return { relation: 'ahead', messages: ['feat: b'] };
    });
    for (const commits of [unreadable, undefined])
      expect(
        await nextVersion({ ...worldAt(aws, history, 'main'), github, ...(commits ? { commits } : {}) }, manifest),
      ).toMatchObject({ version: '1.1.0' });
  });

  test('a token that may not read the contents: both remedies', async () => {
    const { aws, history } = await prepared();
    const github = gitHub(async () => {
      throw new MissingPermission('the token lacks a permission at GitHub: add `permissions: contents: read`');
    });
    await expect(
      nextVersion(worldAt(aws, history, 'main', undefined, { commits: unreadable, github }), manifest),
    ).rejects.toThrow(/`fetch-depth: 0`.*`permissions: contents: read`/);
  });

  test('a noted commit that is any text is quoted, with either remedy', async () => {
    const { aws, history } = await prepared();
    set(aws, 1, 'git-sha', 'main\n::error::pwned');
    const lacking = gitHub(async () => {
      throw new MissingPermission('the token lacks a permission at GitHub');
    });
    for (const github of [undefined, lacking])
      await expect(
        nextVersion(
          worldAt(aws, history, 'main', undefined, { commits: unreadable, ...(github && { github }) }),
          manifest,
        ),
      ).rejects.toThrow('the commits since "main\\n::error::pwned" cannot be read: ');
  });

  test('branches with a number in their names, and develop, need none', async () => {
    const { aws, history } = await prepared();
    for (const [branch, version] of [
      ['develop', '1.1.0-alpha.1'],
      ['release/3.0.0', '3.0.0-rc.1'],
      ['hotfix/1.0.1', '1.0.1-rc.1'],
    ] as const)
      expect(
        (await nextVersion(worldAt(aws, history, branch, undefined, { commits: unreadable }), manifest)).version,
      ).toBe(version);
  });
});

describe('a commit of which no version can be derived', () => {
  test('an older one than that of the newest version', async () => {
    const aws = account();
    const history = createHistory();
    const older = history.commit('feat: a');
    history.commit('feat: b');
    await register(worldAt(aws, history, 'main'), aws);
    await expect(nextVersion(worldAt(aws, history, 'main', older), manifest)).rejects.toThrow(
      /this commit is older than .* of which version 1.0.0 was registered/,
    );
  });

  test.each([
    ['in capitals', (sha: string) => sha.toUpperCase()],
    ['by its first digits', (sha: string) => sha.slice(0, 7)],
  ])('one that the registry has %s is the same commit', async (_how, noted) => {
    const aws = account();
    const history = createHistory();
    const sha = history.commit('feat: a');
    await register(worldAt(aws, history, 'main'), aws);
    set(aws, 1, 'git-sha', noted(sha));
    expect(await nextVersion(worldAt(aws, history, 'main'), manifest)).toMatchObject({
      version: '1.0.0',
      registeredAs: 1,
    });
  });

  test('one that the registry has in capitals is counted from; by its first digits it is not', async () => {
    const aws = account();
    const history = createHistory();
    const sha = history.commit('feat: a');
    await register(worldAt(aws, history, 'main'), aws);
    history.commit('feat: b');
    set(aws, 1, 'git-sha', sha.toUpperCase());
    expect(await nextVersion(worldAt(aws, history, 'main'), manifest)).toMatchObject({ version: '1.1.0' });
    set(aws, 1, 'git-sha', sha.slice(0, 7));
    await expect(nextVersion(worldAt(aws, history, 'main'), manifest)).rejects.toThrow(
      `the package of version 1.0.0 names its commit as "${sha.slice(0, 7)}", which is not a whole digest`,
    );
  });

  test('one of a rewritten history', async () => {
    const aws = account();
    const history = createHistory();
    history.commit('feat: a');
    await register(worldAt(aws, history, 'main'), aws);
    set(aws, 1, 'git-sha', 'f'.repeat(40));
    history.commit('feat: b');
    await expect(nextVersion(worldAt(aws, history, 'main'), manifest)).rejects.toThrow(/is not in the history/);
  });

  test('one after versions without a commit; an older one with a commit is enough', async () => {
    const aws = account();
    const history = createHistory();
    history.commit('feat: a');
    const world = worldAt(aws, history, 'main');
    await register(world, aws);
    await register(world, aws, '1.5.0', 'by-hand');
    set(aws, 2, 'git-sha', undefined);
    history.commit('fix: b');
    expect(await nextVersion(worldAt(aws, history, 'main'), manifest)).toMatchObject({
      version: '1.5.1',
      base: '1.5.0',
    });
    set(aws, 1, 'git-sha', undefined);
    await expect(nextVersion(worldAt(aws, history, 'main'), manifest)).rejects.toThrow(/names its commit/);
  });

  test.each([
    ['refs/tags/churn_v1.4.0', /this run is of a tag/],
    ['churn_v1.4.0', /this run is of a tag/],
    ['v1.4.0', /this run is of a tag/],
    ['refs/heads/release/spring', /the release branch has no version/],
  ])('one of %s', async (ref, message) => {
    const aws = account();
    const history = createHistory();
    history.commit('feat: a');
    const world = worldAt(aws, history, 'main');
    await expect(nextVersion({ ...world, run: { ...world.run, ref } }, manifest)).rejects.toThrow(message);
  });

  test('one of a CodePipeline action: it names the way', async () => {
    const aws = account();
    const { commits: _none, ...world } = worldAt(aws, createHistory(), 'main', 'c'.repeat(40));
    const { ref: _unknown, ...run } = world.run;
    await expect(nextVersion({ ...world, run: { ...run, host: 'codepipeline' } }, manifest)).rejects.toThrow(
      /CodePipeline knows neither: derive it in a CodeBuild step by `model-delivery next-version`/,
    );
  });
});

describe('the place of a run', () => {
  test.each([
    ['refs/pull/7/merge', '1.0.0-dev.'],
    ['pr/7', '1.0.0-dev.'],
    ['main', '1.0.0'],
    ['develop', '1.0.0-alpha.1'],
    ['release/1.4.0', '1.4.0-rc.1'],
  ])('%s', async (ref, version) => {
    const aws = account();
    const history = createHistory();
    history.commit('feat: a');
    const world = worldAt(aws, history, 'main');
    expect((await nextVersion({ ...world, run: { ...world.run, ref } }, manifest)).version).toContain(version);
  });

  test.each([undefined, 'c'.repeat(40), 'arn:aws:s3:::source/churn.zip'])(
    'of the checkout, when the host names %s',
    async (ref) => {
      const aws = account();
      const history = createHistory();
      const commit = history.commit('feat: a');
      const { run, ...world } = worldAt(aws, history, 'main');
      const { ref: _branch, ...unplaced } = run;
      const found = await nextVersion({ ...world, run: { ...unplaced, ...(ref ? { ref } : {}) } }, manifest);
      expect(found).toMatchObject({ version: '1.0.0', commit, branch: 'main' });
    },
  );

  test('the branch of the checkout counts for its own commit alone', async () => {
    const aws = account();
    const history = createHistory();
    history.commit('feat: a');
    const { run, ...world } = worldAt(aws, history, 'main');
    const { ref: _branch, ...unplaced } = run;
    await expect(nextVersion({ ...world, run: { ...unplaced, commit: 'd'.repeat(40) } }, manifest)).rejects.toThrow(
      /check a branch out/,
    );
  });

  test('on a laptop the commit of the checkout is noted with the package', async () => {
    const aws = account();
    const history = createHistory();
    const commit = history.commit('feat: a');
    const { run, ...world } = worldAt(aws, history, 'main');
    const { ref: _branch, commit: _commit, ...unplaced } = run;
    await register({ ...world, run: unplaced }, aws, 'next', 'laptop');
    expect(aws.packages[0]?.input).toMatchObject({
      CustomerMetadataProperties: { 'git-sha': commit },
      MetadataProperties: { CommitId: commit },
    });
  });
});

test('the plan shows the derivation of the version, in words of this suite alone', async () => {
  const aws = account();
  const history = createHistory();
  history.commit('feat: a');
  await register(worldAt(aws, history, 'main'), aws);
  history.commit('feat: x\n\n::error::pwned');
  const turn = await registerModel.advance(
    inputs({ version: 'next', image: `111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn@${otherDigest}` }),
    undefined,
    worldAt(aws, history, 'main'),
  );
  expect(turn.plan).toMatchObject({
    title: 'register churn_v1.1.0',
    notes: expect.arrayContaining(['version 1.1.0: minor version after 1.0.0: 1 feature among 1 commit since then']),
  });
  expect(JSON.stringify(turn.plan)).not.toContain('pwned');
});

test('no more than fifty packages are described to find the commit', async () => {
  const aws = account();
  const history = createHistory();
  history.commit('feat: a');
  await register(worldAt(aws, history, 'develop'), aws);
  const [first] = aws.packages;
  if (!first) throw new Error('nothing is registered');
  for (let n = 2; n <= 80; n += 1) {
    const arn = first.arn.replace(/\d+$/, String(n));
    const ModelPackageDescription = `churn_v1.0.0-alpha.${n}`;
    aws.packages.push({
      ...first,
      number: n,
      arn,
      input: { ...first.input, ModelPackageDescription, CustomerMetadataProperties: {} },
    });
  }
  history.commit('feat: b');
  const before = aws.calls.length;
  expect((await nextVersion(worldAt(aws, history, 'develop'), manifest)).version).toBe('1.0.0-alpha.81');
  expect(aws.calls.slice(before).filter(({ operation }) => operation === 'DescribeModelPackage')).toHaveLength(50);
});
