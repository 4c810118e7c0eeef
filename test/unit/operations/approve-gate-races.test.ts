import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WorkflowRun } from '../../../simulator/github/state.ts';
import { loadManifest } from '../../../src/manifest/load.ts';
import { readMemory, writeMemory } from '../../../src/memory.ts';
import type { Progress } from '../../../src/operation.ts';
import {
  type ApproveGateInputs,
  type ApproveGateMemory,
  type ApproveGateOutputs,
  approveGate,
} from '../../../src/operations/approve-gate.ts';
import { registerModel } from '../../../src/operations/register-model.ts';
import type { World } from '../../../src/world.ts';
import { type FakeGitHub, startFakeGitHub } from '../../github/fake-github.ts';
import { roomOf } from '../../support/github.ts';
import { account, inputs as registration } from '../../support/registration.ts';
import type { Around } from '../../support/registry-aws.ts';
import { runTurns } from '../../support/run-turns.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

/** Two runs that decide about one version at the same moment: every turn, and where it matters every call, in an order of the test's. */

type Turn = Progress<ApproveGateMemory, ApproveGateOutputs>;
type Done = Extract<Turn, { is: 'done' }>;

const user = (login: string) => ({ login, type: 'User' }) as const;
const manifest = loadManifest(
  `version: 1
model: churn
approval: { reviewers: { at-least: 1, of: [alice, bob] } }
environments:
  staging:
    endpoint: { name: churn-staging, instance: { type: ml.m5.large, count: 1 } }
    rollout: { strategy: all-at-once, final-bake: 5m, minimum-requests: 0 }
`,
  'delivery.yml',
);
const asked: ApproveGateInputs = { manifest, environment: 'staging', version: '1.4.0', mode: 'record' };

let github: FakeGitHub;
let aws: ReturnType<typeof account>;
beforeEach(async () => {
  aws = account();
  await runTurns(registerModel, registration(), aws.world());
  github = await startFakeGitHub({
    state: { commits: [{ sha: 'c0ffee', author: user('mina'), committer: user('mina') }] },
  });
});
afterEach(() => github.close());

const run = (id: number, login: string, state: 'approved' | 'rejected'): WorkflowRun => ({
  id,
  sha: 'c0ffee',
  actor: user('mina'),
  triggeringActor: user('mina'),
  approvals: [{ user: user(login), state, comment: `${login} ${state}`, environments: ['staging'] }],
});

/** A run of the gate that takes its turns when the test wants them. */
const contender = (id: number, around?: Around) => {
  const clock = virtualClock();
  const world: World = {
    ...aws.world({ run: { workflow: { id } }, ...(around && { around }) }),
    clock,
    github: roomOf(github, clock),
  };
  let token: string | undefined;
  const turn = async (): Promise<Turn> => {
    const memory = token === undefined ? undefined : readMemory<ApproveGateMemory>(token, 'test');
    const progress = await approveGate.advance(asked, memory, world);
    if (progress.is === 'waiting') token = writeMemory(progress.memory);
    return progress;
  };
  const remarks: string[] = [];
  const toEnd = async (): Promise<Done & { readonly all: readonly string[] }> => {
    for (;;) {
      const progress = await turn();
      remarks.push(...(progress.remarks ?? []));
      if (progress.is === 'done') return { ...progress, all: remarks };
    }
  };
  return { turn, toEnd };
};
const decisions = (): readonly unknown[] =>
  aws.calls.flatMap(({ operation, input }) =>
    operation === 'UpdateModelPackage' ? [input['ModelApprovalStatus']] : [],
  );
const description = (): string => aws.packages[0]?.approvalDescription ?? '';

/** Calls `meanwhile` once, between the run's last look at the package and its write. */
const beforeTheWrite = (meanwhile: () => Promise<unknown>): Around => {
  let happened = false;
  return async (operation, carryOut) => {
    if (operation === 'UpdateModelPackage' && !happened) {
      happened = true;
      await meanwhile();
    }
    return carryOut();
  };
};

describe('two approvers', () => {
  beforeEach(() => {
    github.state.runs = [run(1, 'alice', 'approved'), run(2, 'bob', 'approved')];
  });

  it('one after the other end approved, with one write', async () => {
    const [one, other] = [contender(1), contender(2)];
    await one.turn();
    await other.turn();
    expect(await one.toEnd()).toMatchObject({ outcome: 'succeeded', reason: 'approved' });
    expect(await other.toEnd()).toMatchObject({ outcome: 'succeeded', reason: 'approved' });
    expect(decisions()).toEqual(['Approved']);
    expect(description()).toMatch(/^alice: /);
  });

  it('at the same moment end approved, with two writes; the description names the last', async () => {
    const other = contender(2);
    const one = contender(
      1,
      beforeTheWrite(() => other.toEnd()),
    );
    await other.turn();
    expect(await one.toEnd()).toMatchObject({ outcome: 'succeeded', reason: 'approved' });
    expect(decisions()).toEqual(['Approved', 'Approved']);
    expect(description()).toMatch(/^alice: /);
  });
});

describe('one approver', () => {
  it('beside whom a second one arrives after the plan: the decision is planned anew', async () => {
    github.state.runs = [run(1, 'alice', 'approved')];
    const one = contender(1);
    await one.turn();
    const { approvals } = run(1, 'bob', 'approved');
    github.state.runs = [
      { ...run(1, 'alice', 'approved'), approvals: [...run(1, 'alice', 'approved').approvals, ...approvals] },
    ];
    const again = await one.turn();
    expect(again.remarks?.[0]).toBe('the version, or its decision, changed after the plan: the gate looks at it again');
    expect(decisions()).toEqual([]);
    expect(await one.toEnd()).toMatchObject({ reason: 'approved' });
    expect(description()).toMatch(/^alice, bob: /);
  });
});

describe('an approval and a rejection', () => {
  beforeEach(() => {
    github.state.runs = [run(1, 'alice', 'approved'), run(2, 'bob', 'rejected')];
  });

  it('the rejection first: the approval is not written', async () => {
    const [approver, rejecter] = [contender(1), contender(2)];
    await approver.turn();
    expect(await rejecter.toEnd()).toMatchObject({ outcome: 'rejected', reason: 'approval-rejected' });
    expect(await approver.toEnd()).toMatchObject({ outcome: 'rejected', reason: 'approval-rejected' });
    expect(decisions()).toEqual(['Rejected']);
  });

  it('the rejection by a person outside of the reviewers of the manifest: GitHub took the review, so it rejects', async () => {
    github.state.runs = [run(2, 'noor', 'rejected')];
    expect(await contender(2).toEnd()).toMatchObject({ outcome: 'rejected', reason: 'approval-rejected' });
    expect(description()).toMatch(/^noor: /);
  });

  it('the approval first: the rejection replaces it', async () => {
    const [approver, rejecter] = [contender(1), contender(2)];
    await rejecter.turn();
    expect(await approver.toEnd()).toMatchObject({ outcome: 'succeeded', reason: 'approved' });
    expect(await rejecter.toEnd()).toMatchObject({
      outcome: 'rejected',
      reason: 'approval-rejected',
      because: expect.stringContaining('bob rejected'),
    });
    expect(decisions()).toEqual(['Approved', 'Rejected']);
  });

  it('the rejection written between the look and the write of the approval: it is written again, with a remark', async () => {
    const rejecter = contender(2);
    const approver = contender(
      1,
      beforeTheWrite(async () => {
        await rejecter.turn();
        await rejecter.turn();
      }),
    );
    // The registry shows it after the write, and so does the report.
    expect(await approver.toEnd()).toMatchObject({ outcome: 'succeeded', reason: 'approved' });
    const end = await rejecter.toEnd();
    expect(end).toMatchObject({ outcome: 'rejected', reason: 'approval-rejected' });
    expect(end.all).toEqual([
      'this run rejected churn_v1.4.0 (package 1), and another write at the same time made it Approved',
    ]);
    expect(decisions()).toEqual(['Rejected', 'Approved', 'Rejected']);
    expect(description()).toMatch(/^bob: /);
  });

  it('the approval written between the look and the write of the rejection: the rejection stays', async () => {
    const approver = contender(1);
    const rejecter = contender(
      2,
      beforeTheWrite(() => approver.toEnd()),
    );
    expect(await rejecter.toEnd()).toMatchObject({ outcome: 'rejected', reason: 'approval-rejected' });
    expect(decisions()).toEqual(['Approved', 'Rejected']);
  });

  it('an approval that is overwritten before its second look reports the rejection, and that it had approved', async () => {
    const [approver, rejecter] = [contender(1), contender(2)];
    await approver.turn();
    await approver.turn();
    await rejecter.toEnd();
    const end = await approver.toEnd();
    expect(end).toMatchObject({ outcome: 'rejected', reason: 'approval-rejected' });
    expect(end.all).toEqual([
      'this run approved churn_v1.4.0 (package 1), and another write at the same time made it Rejected',
    ]);
  });
});

describe('a version that changes', () => {
  beforeEach(() => {
    github.state.runs = [run(1, 'alice', 'approved')];
  });

  it('between the plan and the write is planned anew', async () => {
    const one = contender(1);
    await one.turn();
    Object.assign(aws.packages[0] ?? {}, { lastModifiedAt: Date.parse('2026-01-05T11:00:00Z') });
    const again = await one.turn();
    expect(again).toMatchObject({
      is: 'waiting',
      plan: expect.anything(),
      remarks: [
        'the version, or its decision, changed after the plan: the gate looks at it again',
        expect.stringMatching(/^the metadata of churn_v1\.4\.0 names no commit: /),
      ],
    });
    expect(decisions()).toEqual([]);
    expect(await one.toEnd()).toMatchObject({ reason: 'approved' });
  });

  it('at the last look before the write is not written', async () => {
    let looks = 0;
    const one = contender(1, async (operation, carryOut) => {
      // The second turn describes it twice: at its beginning, and directly before the write.
      if (operation === 'DescribeModelPackage' && ++looks === 3)
        Object.assign(aws.packages[0] ?? {}, {
          approval: 'Rejected',
          lastModifiedAt: Date.parse('2026-01-05T11:00:00Z'),
        });
      return carryOut();
    });
    expect(await one.toEnd()).toMatchObject({ outcome: 'rejected', reason: 'approval-rejected' });
    expect(decisions()).toEqual([]);
  });

  it('and is deleted ends as unknown', async () => {
    let looks = 0;
    const one = contender(1, async (operation, carryOut) => {
      if (operation === 'DescribeModelPackage' && ++looks === 3) aws.packages.splice(0);
      return carryOut();
    });
    expect(await one.toEnd()).toMatchObject({ outcome: 'failed', reason: 'unknown-version' });
    expect(decisions()).toEqual([]);
  });

  it.each(['PendingManualApproval', 'Approved'])('and is Failed gets no decision: %s', async (approval) => {
    Object.assign(aws.packages[0] ?? {}, { status: 'Failed', failureReason: 'no image', approval });
    expect(await contender(1).toEnd()).toMatchObject({
      outcome: 'failed',
      reason: 'registration-failed',
      because: expect.stringContaining('no image'),
    });
    expect(github.requests).toEqual([]);
    expect(decisions()).toEqual([]);
  });

  it('and is not completed yet is not decided yet', async () => {
    Object.assign(aws.packages[0] ?? {}, { status: 'Pending' });
    expect(await contender(1).toEnd()).toMatchObject({ outcome: 'pending', reason: 'approval-pending' });
    expect(github.requests).toEqual([]);
    expect(decisions()).toEqual([]);
  });
});

describe('after the write', () => {
  it('a GitHub that does not answer takes nothing back, and is a line', async () => {
    github.state.runs = [run(1, 'alice', 'approved')];
    const one = contender(1);
    await one.turn();
    await one.turn();
    github.trouble({ is: 'broken', times: 100 });
    const end = await one.toEnd();
    expect(end).toMatchObject({ outcome: 'succeeded', reason: 'approved' });
    expect(end.all).toEqual([expect.stringContaining('GitHub did not answer after the decision was written')]);
  });

  it('a host that does not wait gets the registry’s word', async () => {
    github.state.runs = [run(2, 'bob', 'rejected')];
    const one = contender(2);
    await one.turn();
    const waiting = await one.turn();
    if (waiting.is !== 'waiting') throw new Error('it looks no second time');
    expect(await approveGate.abort(asked, waiting.memory, 'handed-over', aws.world())).toMatchObject({
      outcome: 'rejected',
      reason: 'approval-rejected',
    });
    expect(await approveGate.abort(asked, waiting.memory, 'cancelled', aws.world())).toMatchObject({
      outcome: 'cancelled',
    });
  });
});
