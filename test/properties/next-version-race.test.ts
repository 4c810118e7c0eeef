import { describe, expect, test } from '@jest/globals';
import { registerModel } from '../../src/operations/register-model.ts';
import type { World } from '../../src/world.ts';
import { createHistory } from '../support/history.ts';
import { fc } from '../support/properties.ts';
import { account, inputs, repository } from '../support/registration.ts';
import type { Around, RegistryAws } from '../support/registry-aws.ts';
import { runTurns } from '../support/run-turns.ts';

const versionOf = ({ input }: RegistryAws['packages'][number]): string =>
  String(input['ModelPackageDescription']).replace(/[: ].*$/, '');

/** How a run ended, or why it refused. */
const endOf = async (
  aws: RegistryAws,
  world: World,
  image = world.run.commit ?? '',
): Promise<{ reason: string; because: string }> => {
  aws.images.set(`111122223333/churn:${image}`, `sha256:${image.slice(0, 40).padEnd(64, '0')}`);
  try {
    return (await runTurns(registerModel, inputs({ version: 'next', image: `${repository}:${image}` }), world)).end;
  } catch (error) {
    if (error instanceof Error && 'reason' in error) return { reason: String(error.reason), because: error.message };
    throw error;
  }
};

describe.each(['remembered', 'forgotten'] as const)(
  'commits that are registered at once, client tokens %s',
  (tokens) => {
    test('each have a version of their own in the end, or an error with the reason', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.array(fc.constantFrom('feat: x', 'fix: y', 'feat!: z'), { minLength: 2, maxLength: 3 }),
          fc.constantFrom('main', 'develop', 'release/1.4.0'),
          fc.constantFrom('c0', undefined),
          async (scheduler, messages, branch, content) => {
            const aws = account({ tokens });
            const history = createHistory();
            const worldAt = (commit: string, around?: Around): World => ({
              ...aws.world({ run: { commit, ref: `refs/heads/${branch}` }, ...(around ? { around } : {}) }),
              commits: history.at(branch, commit),
            });
            await endOf(aws, worldAt(history.commit('feat: a')));
            const commits = messages.map((message) => history.commit(message));
            const ends = await scheduler.waitFor(
              Promise.all(
                commits.map((commit) =>
                  endOf(
                    aws,
                    worldAt(commit, (operation, carryOut) =>
                      scheduler.schedule(Promise.resolve(), `${commit} ${operation}`).then(carryOut),
                    ),
                    content,
                  ),
                ),
              ),
            );
            for (const { reason, because } of ends) {
              if (reason === 'version-taken') expect(because).toContain('run again');
              else if (reason === 'invalid-input') expect(because).toContain('this commit is older');
              // The content may have become another commit's version meanwhile.
              else if (content === undefined || reason !== 'already-registered') expect(reason).toBe('registered');
            }
            // As often as the errors say, each alone.
            for (const commit of commits) {
              const again = await endOf(aws, worldAt(commit), content);
              if (again.reason === 'invalid-input') expect(because(again)).toContain('this commit is older');
              else expect(['registered', 'already-registered']).toContain(again.reason);
            }
            const standing = aws.packages.filter(({ approval }) => approval !== 'Rejected').map(versionOf);
            expect(new Set(standing).size).toBe(standing.length);
            // The owner of each version stands: no run rejected another's.
            for (const version of aws.packages.map(versionOf))
              expect(aws.packages.find((one) => versionOf(one) === version)?.approval).not.toBe('Rejected');
          },
        ),
        { numRuns: 120 },
      );
    });
  },
);

const because = ({ because: text }: { readonly because: string }): string => text;

test('two commits with one content: the owner of the version registers it, whichever looks first', async () => {
  const aws = account({ tokens: 'forgotten' });
  const history = createHistory();
  const worldAt = (commit: string, around?: Around): World => ({
    ...aws.world({ run: { commit, ref: 'refs/heads/main' }, ...(around ? { around } : {}) }),
    commits: history.at('main', commit),
  });
  await endOf(aws, worldAt(history.commit('feat: a')));
  const [early, late] = [history.commit('fix: b'), history.commit('fix: c')];
  const content = 'c0';
  let ofOwner: Promise<unknown> | undefined;
  const creation = Promise.withResolvers<void>();
  // The later run has its version, and creates its package between that of the owner and the owner's next turn.
  const lateEnd = endOf(
    aws,
    worldAt(late, async (operation, carryOut) => {
      if (operation !== 'CreateModelPackage' || ofOwner !== undefined) return carryOut();
      const created = Promise.withResolvers<void>();
      ofOwner = endOf(
        aws,
        worldAt(early, async (one, act) => {
          const answer = act();
          if (one !== 'CreateModelPackage') return answer;
          creation.resolve();
          await created.promise;
          return answer;
        }),
        content,
      );
      await creation.promise;
      const answer = carryOut();
      created.resolve();
      await ofOwner;
      return answer;
    }),
    content,
  );
  const after = await lateEnd;
  expect(await ofOwner).toMatchObject({ reason: 'registered' });
  expect(aws.packages.slice(1, 3).map((one) => `${versionOf(one)} ${one.approval}`)).toEqual([
    'churn_v1.0.1 PendingManualApproval',
    'churn_v1.0.1 Rejected',
  ]);
  expect(after).toMatchObject({ reason: 'registered' });
  expect(await endOf(aws, worldAt(early), content)).toMatchObject({ reason: 'already-registered' });
  expect(await endOf(aws, worldAt(late), content)).toMatchObject({ reason: 'already-registered' });
});
